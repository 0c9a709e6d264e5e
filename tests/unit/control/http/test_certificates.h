/// Certificates of scripts/make_certs.sh, made once for the whole test program.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "control/http/client.h"
#include "control/http/server.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {

inline int run_quietly(const std::string& command) {
  return std::system(("(" + command + ") >/dev/null 2>&1").c_str());
}

class Certificates {
 public:
  Certificates() {
    make();
    // What the script does not make: a client whose time is over.
    const std::string ca = path("ca.pem").string(), key = path("ca.key").string();
    const std::string csr = path("old.csr").string(), old = path("expired.pem").string();
    if (run_quietly("openssl req -new -config /dev/null -subj /CN=old -key " +
                    path("operator.key").string() + " -out " + csr +
                    " && openssl x509 -req -set_serial 7 -days -1 -in " + csr + " -CA " + ca +
                    " -CAkey " + key + " -out " + old + " && cp " + path("operator.key").string() +
                    " " + path("expired.key").string()) != 0)
      throw std::runtime_error("openssl cannot make an expired certificate");
  }

  /// Other keys and certificates under the same names.
  void make() const {
    if (run_quietly("bash '" TAPSTAT_SOURCE_ROOT "/scripts/make_certs.sh' --force --days 2 " +
                    directory_.path().string()) != 0)
      throw std::runtime_error("scripts/make_certs.sh failed");
  }

  [[nodiscard]] std::filesystem::path path(std::string_view name) const {
    return directory_ / name;
  }
  [[nodiscard]] control::http::TlsFiles server() const {
    return {path("server.pem"), path("server.key"), path("ca.pem"), path("revoked.crl")};
  }
  [[nodiscard]] control::http::ClientTls client(const std::string& name) const {
    return {path("ca.pem"), path(name + ".pem"), path(name + ".key")};
  }

 private:
  TempDir directory_;
};

inline const Certificates& certificates() {
  static const Certificates made;
  return made;
}

/// Of another authority.
inline const Certificates& foreign_certificates() {
  static const Certificates made;
  return made;
}

}  // namespace tapstat::tests
