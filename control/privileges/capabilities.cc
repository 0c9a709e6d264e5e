#include "control/privileges/capabilities.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tapstat::control {

// Threads run these in a signal handler, some of them in the making: sanitizers do not know such a
// thread yet, so nothing here is theirs.

__attribute__((no_sanitize("thread"))) void empty_bounding_set() noexcept {
  // A newer kernel knows more than our header: it says which number is the first unknown one.
  for (unsigned long capability = 0; syscall(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
       ++capability)
    syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
}

__attribute__((no_sanitize("thread"))) void empty_capability_sets() noexcept {
  syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct nothing[_LINUX_CAPABILITY_U32S_3] = {};
  syscall(SYS_capset, &header, nothing);
}

}  // namespace tapstat::control
