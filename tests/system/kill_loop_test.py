"""kill -9 at random moments: scripts/kill_loop.py for a few rounds."""
import subprocess
import sys

import support

ROUNDS = "5"


class KillLoop(support.TestCase):
    def test_nothing_published_is_torn_or_overwritten(self):
        done = subprocess.run(
            [sys.executable, support.SOURCE_ROOT / "scripts/kill_loop.py", support.BINARY]
            + ["--rounds", ROUNDS, "--directory", self.directory],
            capture_output=True,
            text=True,
            timeout=support.TIMEOUT_S,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{ROUNDS} rounds", done.stdout)


if __name__ == "__main__":
    support.main()
