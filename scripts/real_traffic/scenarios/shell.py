"""SSH: ssh and ssh-keyscan against sshd."""
import subprocess

from network import SERVER
from scenarios.scenario import Scenario


def make_key(net, name):
    path = net.path(name)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True
    )
    return path


def ssh(net):
    host, user = make_key(net, "host"), make_key(net, "user")
    net.folder("known", 0o700)
    with open(user + ".pub", encoding="ascii") as public:
        keys = net.file("keys", public.read(), 0o600)
    settings = net.file(
        "sshd_config",
        f"Port 22\nHostKey {host}\nAuthorizedKeysFile {keys}\n"
        "StrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\n"
        f"PidFile {net.path('sshd.pid')}\nLogLevel ERROR\n",
    )
    net.folder("/run/sshd", 0o755)  # sshd insists on this place
    net.start("server", ["/usr/sbin/sshd", "-D", "-e", "-f", settings], [("tcp", 22)])
    net.run(
        "client",
        [
            "ssh",
            "-v",
            "-i",
            user,
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            f"UserKnownHostsFile={net.path('known/hosts')}",
            f"root@{SERVER}",
            "true",
        ],
        client_port=40001,
    )
    # Waits for the server's version before it tells its own.
    net.run("client", ["ssh-keyscan", "-t", "ed25519", SERVER], client_port=40002)


SCENARIOS = [
    Scenario(
        "ssh",
        "ssh, whose client may speak first, and ssh-keyscan, whose server does",
        ("ssh", "sshd", "ssh-keyscan", "ssh-keygen"),
        "openssh-client openssh-server",
        ssh,
    ),
]
