"""Mail: curl against aiosmtpd (SMTP) and dovecot (IMAP, POP3); commands typed by hand."""
import sys

from clock import REAL_TIME
from network import SERVER
from scenarios.scenario import Scenario, certificate

CURL = ("curl", "--no-progress-meter", "--verbose", "--max-time", "20", "--output", "-")
LETTER = "From: a@example.org\r\nTo: b@example.org\r\nSubject: test\r\n\r\nhello\r\n"
DOVECOT = """
protocols = imap pop3
import_environment = TZ LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC
base_dir = {run}
log_path = /dev/stderr
ssl = yes
ssl_cert = <{crt}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{mail}
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = nobody
default_login_user = nobody
default_internal_group = nogroup
passdb {{
  driver = static
  args = password=word
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={mail}
}}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
"""


def start_smtp(net, *options, port=25):
    net.start(
        "server",
        [
            "/usr/bin/python3",
            "-m",
            "aiosmtpd",
            "--nosetuid",
            "--listen",
            f"{SERVER}:{port}",
            "--class",
            "aiosmtpd.handlers.Sink",
            *options,
        ],
        [("tcp", port)],
    )


def typed(net, port, server_port, lines, pause=0.15):
    """A person with a terminal: each line after a pause, in lower case if they like."""
    program = net.file(
        "typed.py",
        f"""
import socket, sys, time
with socket.create_connection(("{SERVER}", {server_port})) as s:
    for line in {lines!r}:
        time.sleep({pause})
        s.sendall(line.encode() + b"\\r\\n")
        time.sleep({pause})
        sys.stdout.write(s.recv(4096).decode())
""",
    )
    net.run("client", [sys.executable, program], client_port=port, env=REAL_TIME)


def smtp(net):
    crt, key = certificate(net, "mail.example.org", "rsa")
    letter = net.file("letter", LETTER)
    mail = ["--mail-from", "a@example.org", "--mail-rcpt", "b@example.org", "--upload-file", letter]
    start_smtp(net)
    start_smtp(net, "--tlscert", crt, "--tlskey", key, "--no-requiretls", port=587)
    net.run("client", [*CURL, f"smtp://{SERVER}:25/client.example.org", *mail], client_port=40001)
    net.run(
        "client",
        [*CURL, f"smtp://{SERVER}:587/client.example.org", "--ssl-reqd", "--insecure", *mail],
        client_port=40002,
    )
    typed(net, 40003, 25, ["helo client.example.org", "quit"])
    typed(net, 40004, 25, ["HELO client.example.org", "QUIT"])
    typed(net, 40005, 25, ["Ehlo client.example.org", "QUIT"])
    typed(net, 40006, 25, ["NOOP", "QUIT"])


def start_mailboxes(net):
    crt, key = certificate(net, "mail.example.org", "rsa")
    run, mail = net.path("run"), net.path("mail")
    for folder in ("mail", "mail/cur", "mail/new", "mail/tmp"):
        net.folder(folder, 0o777)
    net.folder("run", 0o755)
    net.file("mail/new/1.letter", LETTER, 0o666)
    net.start(
        "server",
        [
            "dovecot",
            "-F",
            "-c",
            net.file("dovecot.conf", DOVECOT.format(run=run, mail=mail, crt=crt, key=key)),
        ],
        [("tcp", 143), ("tcp", 110)],
    )


def mailboxes(net):
    start_mailboxes(net)
    user = ["--user", "b:word"]
    net.run("client", [*CURL, *user, f"imap://{SERVER}/INBOX;MAILINDEX=1"], client_port=40001)
    net.run(
        "client",
        [*CURL, *user, f"imap://{SERVER}/INBOX;MAILINDEX=1", "--ssl-reqd", "--insecure"],
        client_port=40002,
    )
    net.run("client", [*CURL, *user, f"pop3://{SERVER}/1"], client_port=40003)
    net.run(
        "client",
        [*CURL, *user, f"pop3://{SERVER}/1", "--ssl-reqd", "--insecure"],
        client_port=40004,
    )
    typed(net, 40005, 110, ["USER b", "PASS word", "STAT", "QUIT"])
    typed(net, 40006, 110, ["user b", "pass word", "quit"])
    typed(net, 40007, 143, ["1 LOGIN b word", "2 LOGOUT"])
    typed(net, 40008, 143, ["1 capability", "2 logout"])


def smtp_faults(net):
    crt, key = certificate(net, "mail.example.org", "rsa")
    letter = net.file("letter", LETTER)
    start_smtp(net, "--tlscert", crt, "--tlskey", key, "--no-requiretls")
    in_pieces(net)
    mail = ["--mail-from", "a@example.org", "--mail-rcpt", "b@example.org", "--upload-file", letter]
    for port in (40001, 40002):
        net.run("client", [*CURL, f"smtp://{SERVER}:25/c.example.org", *mail], client_port=port)


def mailboxes_faults(net):
    start_mailboxes(net)
    in_pieces(net)
    user = ["--user", "b:word"]
    net.run("client", [*CURL, *user, f"imap://{SERVER}/INBOX;MAILINDEX=1"], client_port=40001)
    net.run("client", [*CURL, *user, f"pop3://{SERVER}/1"], client_port=40002)


def in_pieces(net):
    """Segments of 48 bytes."""
    for side in ("client", "server"):
        net.limit_segments(side, 60)


SCENARIOS = [
    Scenario(
        "smtp",
        "SMTP, with STARTTLS, commands in either case",
        ("curl", "aiosmtpd"),
        "curl python3-aiosmtpd",
        smtp,
    ),
    Scenario(
        "mailboxes",
        "IMAP and POP3, with STARTTLS and STLS",
        ("curl", "dovecot"),
        "curl dovecot-imapd dovecot-pop3d",
        mailboxes,
    ),
    Scenario(
        "smtp_faults",
        "SMTP in pieces: greeting, answers and commands lost, late and repeated",
        ("curl", "aiosmtpd"),
        "curl python3-aiosmtpd",
        smtp_faults,
        ("drop:server:1", "drop:client:1", "late:server:3", "twice:client:3"),
    ),
    Scenario(
        "mailboxes_faults",
        "IMAP and POP3 in pieces: greetings, answers and commands lost, late and repeated",
        ("curl", "dovecot"),
        "curl dovecot-imapd dovecot-pop3d",
        mailboxes_faults,
        ("late:server:1", "drop:client:1", "twice:server:4", "drop:server:7"),
    ),
]
