"""TLS and DTLS: openssl s_client against s_server."""
from network import SERVER, Failure
from scenarios.scenario import NAME, Scenario, certificate

# Long enough for a ClientHello of several segments.
PROTOCOLS = ",".join(f"private-protocol-{number:02}" for number in range(20))
REQUEST = b"GET / HTTP/1.0\r\n\r\n"


def server(net, port, *arguments, key="ec", name=NAME, alternative_names=()):
    crt, key_path = certificate(net, name, key, alternative_names)
    return net.start(
        "server",
        [
            "openssl",
            "s_server",
            "-quiet",
            "-www",
            "-accept",
            port,
            "-cert",
            crt,
            "-key",
            key_path,
            *arguments,
        ],
        [("tcp", port)],
    )


def servername(name):
    return ["-servername", name] if name else ["-noservername"]


def client(net, local_port, port, *arguments, name=NAME, send=REQUEST, **options):
    return net.run(
        "client",
        [
            "openssl",
            "s_client",
            "-connect",
            f"{SERVER}:{port}",
            *servername(name),
            "-ign_eof",
            *arguments,
        ],
        client_port=local_port,
        stdin=send,
        **options,
    )


def expect(text, words):
    if words not in text:
        raise Failure(f"openssl s_client does not say `{words}`:\n{text}")


def tls12(net):
    server(net, 443, "-tls1_2", "-alpn", "http/1.1,h2", key="rsa")
    client(net, 40001, 443, "-tls1_2", "-sess_out", net.path("ticket"), "-alpn", "h2,http/1.1")
    expect(client(net, 40002, 443, "-tls1_2", "-sess_in", net.path("ticket")), "Reused, TLSv1.2")
    server(net, 444, "-tls1_2", "-no_ticket", key="rsa")
    client(net, 40003, 444, "-tls1_2", "-no_ticket", "-sess_out", net.path("session"))
    expect(
        client(net, 40004, 444, "-tls1_2", "-no_ticket", "-sess_in", net.path("session")),
        "Reused, TLSv1.2",
    )
    # The client offers both versions; the server has the older one only.
    client(net, 40005, 443)
    # No name, and one without a dot.
    client(net, 40006, 443, "-tls1_2", name=None)
    client(net, 40007, 443, "-tls1_2", name="localhost")


def tls13(net):
    server(net, 443, "-tls1_3", "-alpn", "h2,http/1.1")
    client(net, 40001, 443, "-tls1_3", "-alpn", "h2", "-sess_out", net.path("session"))
    expect(
        client(net, 40002, 443, "-tls1_3", "-alpn", "h2", "-sess_in", net.path("session")),
        "Reused, TLSv1.3",
    )
    early_data(net)
    server(net, 444, "-tls1_3", "-groups", "X25519")
    client(net, 40004, 444, "-tls1_3", "-groups", "P-256:X25519")
    # Without the compatibility mode of the middle boxes the session identifier is empty.
    client(net, 40005, 443, "-tls1_3", "-no_middlebox")
    client(net, 40006, 443)


def early_data(net):
    """s_server takes early data only when a person could talk to it, so both ends get a silent
    standard input for a while."""
    crt, key = certificate(net)
    net.start(
        "server",
        [
            "sh",
            "-c",
            f"sleep 60 | openssl s_server -accept 445 -cert {crt} -key "
            f"{key} -tls1_3 -early_data -no_anti_replay",
        ],
        [("tcp", 445)],
    )
    session, early = net.path("early-session"), net.file("early", "early question\n")
    for port, options in (
        (40007, f"-sess_out {session}"),
        (40003, f"-sess_in {session} -early_data {early}"),
    ):
        net.set_local_port("client", port)
        text = net.run(
            "client",
            [
                "sh",
                "-c",
                "(sleep 1; echo Q) | openssl s_client -connect "
                f"{SERVER}:445 -servername {NAME} -tls1_3 {options}",
            ],
        )
    expect(text, "Early data was accepted")


def tls_refused(net):
    server(net, 443, "-tls1_2")
    client(net, 40001, 443, "-tls1_3", fails=True)
    server(net, 444, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384")
    client(net, 40002, 444, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256", fails=True)


def many_names():
    return [f"host-{number:02}.division.example.org" for number in range(60)]


def hello_in_pieces(net):
    server(net, 443, "-tls1_2", key="rsa", alternative_names=many_names())
    server(net, 444, "-tls1_3")
    net.limit_segments("server", 200)
    net.limit_segments("client", 500)
    client(net, 40001, 443, "-tls1_2", "-alpn", PROTOCOLS + ",http/1.1")
    client(net, 40002, 444, "-tls1_3", "-alpn", PROTOCOLS + ",h2")


def pieces(net, ports):
    server(net, 443, "-tls1_2", key="rsa", alternative_names=many_names())
    net.limit_segments("server", 200)
    net.limit_segments("client", 500)
    for port in ports:
        client(net, port, 443, "-tls1_2", "-alpn", PROTOCOLS + ",http/1.1")


def tls_faults(net):
    pieces(net, (40001, 40002, 40003, 40004))


def tls_late(net):
    pieces(net, (40001,))


def tls_faults_whole(net):
    server(net, 443, "-alpn", "http/1.1")
    for port in (40001, 40002):
        client(net, port, 443, "-tls1_2", "-alpn", "http/1.1")


def dtls(net):
    crt, key = certificate(net)
    ciphers = ["-cipher", "ALL:@SECLEVEL=0"]  # DTLS 1.0 needs it
    for port, version in ((4433, "-dtls1_2"), (4434, "-dtls1")):
        net.start(
            "server",
            [
                "openssl",
                "s_server",
                "-quiet",
                "-accept",
                port,
                "-cert",
                crt,
                "-key",
                key,
                version,
                "-mtu",
                "1200",
                *ciphers,
            ],
            [("udp", port)],
        )
        net.set_local_port("client", 40000 + port - 4432)
        talk = (
            f"(sleep 1; echo question; sleep 0.5) | openssl s_client {version} -mtu 1200 "
            f"-cipher ALL:@SECLEVEL=0 -servername {NAME} -connect {SERVER}:{port}"
        )
        net.run("client", ["sh", "-c", talk])


PROGRAMS, PACKAGES = ("openssl",), "openssl"
SCENARIOS = [
    Scenario(
        "tls12", "TLS 1.2: full, ticket, session identifier, ALPN, names", PROGRAMS, PACKAGES, tls12
    ),
    Scenario(
        "tls13", "TLS 1.3: full, PSK, early data, HelloRetryRequest", PROGRAMS, PACKAGES, tls13
    ),
    Scenario("tls_refused", "handshakes that end with an alert", PROGRAMS, PACKAGES, tls_refused),
    Scenario(
        "tls_segments", "hellos and certificates in pieces", PROGRAMS, PACKAGES, hello_in_pieces
    ),
    Scenario(
        "tls_faults",
        "the same pieces lost, late and repeated",
        PROGRAMS,
        PACKAGES,
        tls_faults,
        ("drop:client:2", "late:server:2", "lose:server:9"),
    ),
    Scenario(
        "tls_late_client",
        "the first piece of the ClientHello comes last",
        PROGRAMS,
        PACKAGES,
        tls_late,
        ("late:client:1",),
    ),
    Scenario(
        "tls_late_server",
        "the ServerHello comes behind the certificate",
        PROGRAMS,
        PACKAGES,
        tls_late,
        ("late:server:1",),
    ),
    Scenario(
        "tls_repeated",
        "whole hellos lost and repeated",
        PROGRAMS,
        PACKAGES,
        tls_faults_whole,
        ("drop:client:1", "drop:server:1", "twice:client:4"),
    ),
    Scenario("dtls", "DTLS 1.2 and 1.0", PROGRAMS, PACKAGES, dtls),
]
