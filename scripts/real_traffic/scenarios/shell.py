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


def start_sshd(net):
    """Returns what a client needs to log in."""
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
    return [
        "-i",
        user,
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        f"UserKnownHostsFile={net.path('known/hosts')}",
        f"root@{SERVER}",
    ]


def ssh(net):
    login = start_sshd(net)
    net.run("client", ["ssh", "-v", *login, "true"], client_port=40001)
    # Waits for the server's version before it tells its own.
    net.run("client", ["ssh-keyscan", "-t", "ed25519", SERVER], client_port=40002)


def ssh_faults(net):
    login = start_sshd(net)
    for side in ("client", "server"):
        net.limit_segments(side, 300)
    net.run("client", ["ssh", "-v", *login, "true"], client_port=40001)
    net.run("client", ["ssh-keyscan", "-t", "ed25519", SERVER], client_port=40002)


PROGRAMS = ("ssh", "sshd", "ssh-keyscan", "ssh-keygen")
PACKAGES = "openssh-client openssh-server"
SCENARIOS = [
    Scenario(
        "ssh",
        "ssh, whose client may speak first, and ssh-keyscan, whose server does",
        PROGRAMS,
        PACKAGES,
        ssh,
    ),
    Scenario(
        "ssh_faults",
        "versions and keys in pieces, lost, late and repeated",
        PROGRAMS,
        PACKAGES,
        ssh_faults,
        ("late:client:1", "drop:server:1", "lose:server:4", "twice:client:5"),
    ),
]
