#include "exporters/name_store.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::exporters {
namespace {

using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;
using flowstats::Timestamp;

NameKey key(uint32_t client, uint32_t server) {
  return {IpAddress::v4(client), IpAddress::v4(server), IpVersion::v4, false};
}

struct Learnt {
  int64_t time;
  uint32_t client;
  std::vector<uint32_t> servers;
};

void insert(NameStore& store, const Learnt& learnt) {
  NameAnswer answer;
  answer.name.assign("n" + std::to_string(learnt.time));
  answer.client = IpAddress::v4(learnt.client);
  answer.time = {learnt.time};
  std::vector<NameKey> keys;
  for (const uint32_t server : learnt.servers) keys.push_back(key(learnt.client, server));
  store.insert(answer, keys);
}

std::string found(const NameStore& store, uint32_t client, uint32_t server, int64_t time) {
  const NameAnswer* answer = store.find(key(client, server), Timestamp{time});
  return answer == nullptr ? "" : std::string{answer->name.view()};
}

TEST(NameStore, FindsTheNewestAnswerThatIsNotLater) {
  NameStore store{Mode::tstat, {}};
  insert(store, {10, 1, {5, 6, 5}});
  insert(store, {30, 1, {5}});
  insert(store, {20, 1, {5}});  // late
  insert(store, {40, 2, {5}});
  EXPECT_EQ(found(store, 1, 5, 9), "");
  EXPECT_EQ(found(store, 1, 5, 10), "n10");
  EXPECT_EQ(found(store, 1, 5, 29), "n20");
  EXPECT_EQ(found(store, 1, 5, 99), "n30");
  EXPECT_EQ(found(store, 1, 6, 99), "n10");
  EXPECT_EQ(found(store, 2, 6, 99), "");
  EXPECT_EQ(found(store, 3, 5, 99), "");
}

TEST(NameStore, KeepsTheNewestAnswersWhenFull) {
  NameStore store{Mode::tstat, {.answers_max = 3}};
  for (const int64_t time : {10, 20, 30, 40}) insert(store, {time, 1, {uint32_t(time), 5}});
  EXPECT_EQ(found(store, 1, 10, 99), "");
  EXPECT_EQ(found(store, 1, 20, 99), "n20");
  EXPECT_EQ(found(store, 1, 5, 15), "");
  EXPECT_EQ(store.counts().evicted, 1U);
  insert(store, {5, 1, {7}});
  EXPECT_EQ(found(store, 1, 7, 99), "");
  EXPECT_EQ(store.counts().too_old, 1U);
  EXPECT_EQ(store.counts().learnt, 4U);
}

TEST(NameStore, KeepsAShareForEachClient) {
  NameStore store{Mode::corrected, {.answers_max = 10, .answers_per_client_max = 2}};
  insert(store, {1, 9, {5}});
  for (const int64_t time : {10, 20, 30, 40}) insert(store, {time, 1, {uint32_t(time)}});
  EXPECT_EQ(found(store, 9, 5, 99), "n1");
  EXPECT_EQ(found(store, 1, 20, 99), "");
  EXPECT_EQ(found(store, 1, 30, 99), "n30");
  insert(store, {15, 1, {15}});
  EXPECT_EQ(found(store, 1, 15, 99), "");
  EXPECT_EQ(store.counts().over_share, 3U);
}

TEST(NameStore, KeepsTheNewestAnswersOfAPair) {
  NameStore store{Mode::tstat, {}};
  constexpr int64_t kOver = 10;
  for (int64_t time = 1; time <= NameStore::kAnswersPerPairMax + kOver; ++time)
    insert(store, {time, 1, {5, 6U + static_cast<uint32_t>(time)}});
  EXPECT_EQ(found(store, 1, 5, kOver), "");
  EXPECT_EQ(found(store, 1, 5, kOver + 1), "n" + std::to_string(kOver + 1));
  EXPECT_EQ(found(store, 1, 7, 9'999), "n1");  // for its other address, the answer is still there
}

TEST(NameStore, HasRoomForAnswersOfManyAddresses) {
  NameStore store{Mode::tstat, {.answers_max = 100}};
  for (int64_t time = 1; time <= 100; ++time) {
    std::vector<uint32_t> servers(60);
    for (uint32_t i = 0; i < servers.size(); ++i)
      servers[i] = static_cast<uint32_t>(time) * 100 + i;
    insert(store, {time, static_cast<uint32_t>(time), servers});
  }
  EXPECT_EQ(found(store, 100, 10'059, 999), "n100");
  EXPECT_EQ(found(store, 1, 100, 999), "");
  EXPECT_GT(store.counts().evicted, 0U);
}

/// What a linear model holds: of each client the newest, and of those the newest.
TEST(NameStore, HoldsTheSameForTheSameSetInAnyOrder) {
  std::mt19937 random{7};
  const auto pick = [&random](uint32_t below) { return static_cast<uint32_t>(random() % below); };
  for (int round = 0; round < 50; ++round) {
    std::vector<Learnt> all;
    for (int64_t time = 1; time <= 200; ++time) all.push_back({time, pick(4), {pick(5), pick(5)}});
    std::vector<Learnt> kept;
    std::array<int, 4> of_client{};
    for (auto it = all.rbegin(); it != all.rend() && kept.size() < 30; ++it)
      if (++of_client[it->client] <= 12) kept.push_back(*it);
    std::shuffle(all.begin(), all.end(), random);
    NameStore store{Mode::corrected, {.answers_max = 30, .answers_per_client_max = 12}};
    for (const Learnt& learnt : all) insert(store, learnt);
    for (uint32_t client = 0; client < 4; ++client) {
      for (uint32_t server = 0; server < 5; ++server) {
        for (const int64_t time : {150, 170, 190, 200}) {
          const auto expected = std::find_if(kept.begin(), kept.end(), [&](const Learnt& l) {
            return l.client == client && l.time <= time &&
                   std::find(l.servers.begin(), l.servers.end(), server) != l.servers.end();
          });
          ASSERT_EQ(found(store, client, server, time),
                    expected == kept.end() ? "" : "n" + std::to_string(expected->time));
        }
      }
    }
  }
}

TEST(NameStore, DecidesBetweenAnswersOfOneMoment) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    for (const bool swapped : {false, true}) {
      NameStore store{mode, {}};
      NameAnswer a, b;
      a.name.assign("a");
      b.name.assign("b");
      const NameKey where = key(0, 5);
      store.insert(swapped ? b : a, {&where, 1});
      store.insert(swapped ? a : b, {&where, 1});
      const std::string_view last = mode == Mode::tstat && swapped ? "a" : "b";
      EXPECT_EQ(store.find(where, {})->name.view(), last);
    }
  }
}

}  // namespace
}  // namespace tapstat::exporters
