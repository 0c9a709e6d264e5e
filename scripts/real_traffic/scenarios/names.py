"""DNS: dig against dnsmasq, flows to the addresses that were learnt, and kdig and dnsperf against
unbound over TCP, TLS and HTTPS.
"""
from clock import REAL_TIME
from network import CLIENT, CLIENT6, OTHER_SERVERS, SERVER, SERVER6
from scenarios.scenario import NAME, Scenario, certificate
from scenarios.web import CURL, PLAIN, nginx, start_nginx

ZONE = f"""
port=53
user=root
no-resolv
no-hosts
local=/example.org/
local-ttl=60
host-record={NAME},{SERVER}
host-record=second.example.org,{OTHER_SERVERS[0]}
host-record=third.example.org,{OTHER_SERVERS[1]}
host-record=six.example.org,{SERVER6}
cname=alias.example.org,{NAME}
mx-host=example.org,mail.example.org,10
txt-record=example.org,two words
srv-host=_sip._udp.example.org,{NAME},5060,1,2
"""


def start_dnsmasq(net):
    settings = net.file("dnsmasq.conf", ZONE + f"pid-file={net.path('dnsmasq.pid')}\n")
    net.start(
        "server",
        ["dnsmasq", "--keep-in-foreground", "--conf-file=" + settings],
        [("udp", 53), ("tcp", 53)],
    )


def dig(net, port, name, kind, *options, source=CLIENT, server=SERVER):
    net.run(
        "client",
        ["dig", "-b", f"{source}#{port}", f"@{server}", name, kind, *options],
        env=REAL_TIME,
    )


def dns(net):
    start_dnsmasq(net)
    for port, name, kind in (
        (40001, NAME, "A"),
        (40002, "six.example.org", "AAAA"),
        (40003, "example.org", "MX"),
        (40004, "missing.example.org", "A"),
        (40005, "example.org", "TXT"),
        (40006, "alias.example.org", "A"),
        (40007, "_sip._udp.example.org", "SRV"),
        (40008, "www.example.net", "A"),
        (40009, "six.example.org", "A"),
    ):
        dig(net, port, name, kind)
    dig(net, 40010, NAME, "A", source=CLIENT6, server=SERVER6)
    dig(net, 40011, "six.example.org", "AAAA", source=CLIENT6, server=SERVER6)
    dig(net, 40012, NAME, "A", "+tcp")
    dig(net, 40013, NAME, "A", "+noedns", "+norecurse")
    dig(net, 40014, "WwW.eXample.org", "A")


def dns_names(net):
    start_dnsmasq(net)
    start_nginx(net, nginx(net, PLAIN), [80])
    net.resolve_with(SERVER)
    # The resolver of the C library asks for both families.
    net.run("client", [*CURL, f"http://{NAME}/hello.txt"], client_port=40001)
    net.run("client", [*CURL, "http://alias.example.org/hello.txt"], client_port=40002)
    # Learnt over TCP.
    dig(net, 40103, "second.example.org", "A", "+tcp")
    net.run("client", [*CURL, f"http://{OTHER_SERVERS[0]}/hello.txt"], client_port=40003)
    # Never asked for.
    net.run("client", [*CURL, f"http://{OTHER_SERVERS[1]}/hello.txt"], client_port=40004)
    # An IPv6 address learnt over IPv4, then over IPv6.
    net.run("client", [*CURL, "--ipv6", "http://six.example.org/hello.txt"], client_port=40005)
    dig(net, 40106, "six.example.org", "AAAA", source=CLIENT6, server=SERVER6)
    net.run("client", [*CURL, f"http://[{SERVER6}]/hello.txt"], client_port=40006)


STREAM_SERVER = """
server:
  do-daemonize: no
  use-syslog: no
  use-systemd: no
  username: ""
  chroot: ""
  pidfile: ""
  directory: {directory}
  module-config: "iterator"
  access-control: 192.0.2.0/24 allow
  interface: {server}@53
  interface: {server}@853
  interface: {server}@443
  tls-port: 853
  https-port: 443
  tls-service-key: {key}
  tls-service-pem: {crt}
  local-zone: "example.org." static
  local-data: "{name}. 60 IN A {server}"
  local-data: "second.example.org. 60 IN A {others[0]}"
  local-data: "third.example.org. 60 IN A {others[1]}"
remote-control:
  control-enable: no
"""


def start_unbound(net):
    crt, key = certificate(net, real_time=True)
    settings = STREAM_SERVER.format(
        directory=net.directory,
        server=SERVER,
        others=OTHER_SERVERS,
        name=NAME,
        crt=crt,
        key=key,
    )
    net.start(
        "server",
        ["unbound", "-d", "-c", net.file("unbound.conf", settings)],
        [("tcp", 53), ("tcp", 853), ("tcp", 443)],
        env=REAL_TIME,
    )


def kdig(net, port, *arguments):
    net.run("client", ["kdig", f"@{SERVER}", *arguments], client_port=port, env=REAL_TIME)


def pipelined(net, port, names):
    """One connection; no question waits for the answer of the one before."""
    questions = net.file("questions", "".join(f"{name} A\n" for name in names))
    options = ["-m", "tcp", "-c", "1", "-q", len(names), "-n", "1", "-v"]
    net.run(
        "client",
        ["dnsperf", "-s", SERVER, *options, "-d", questions],
        client_port=port,
        env=REAL_TIME,
    )


def dns_streams(net):
    start_unbound(net)
    start_nginx(net, nginx(net, PLAIN), [80])
    kdig(net, 40001, "+tcp", "+keepopen", NAME, "A", "second.example.org", "A")
    net.run("client", [*CURL, f"http://{OTHER_SERVERS[0]}/hello.txt"], client_port=40002)
    pipelined(net, 40003, ["third.example.org", NAME])
    net.run("client", [*CURL, f"http://{OTHER_SERVERS[1]}/hello.txt"], client_port=40004)
    kdig(net, 40005, "+tls", f"+tls-sni={NAME}", NAME, "A")
    kdig(net, 40006, "+https", f"+tls-sni={NAME}", NAME, "A")


def dns_pieces(net):
    """Segments of 48 bytes."""
    start_unbound(net)
    start_nginx(net, nginx(net, PLAIN), [80])
    net.limit_segments("server", 60)
    net.limit_segments("client", 60)
    pipelined(net, 40001, ["second.example.org", "third.example.org", NAME])
    net.run("client", [*CURL, f"http://{OTHER_SERVERS[0]}/hello.txt"], client_port=40002)
    net.run("client", [*CURL, f"http://{OTHER_SERVERS[1]}/hello.txt"], client_port=40003)


def dns_faults(net):
    start_dnsmasq(net)
    for port, name in (
        (40001, NAME),
        (40002, "second.example.org"),
        (40003, "missing.example.org"),
    ):
        dig(net, port, name, "A", "+timeout=1")


PROGRAMS, PACKAGES = ("dig", "dnsmasq"), "bind9-dnsutils dnsmasq-base"
STREAM_PROGRAMS = ("kdig", "dnsperf", "unbound", "curl", "nginx", "openssl")
STREAM_PACKAGES = "knot-dnsutils dnsperf unbound curl nginx-light openssl"
SCENARIOS = [
    Scenario(
        "dns", "questions of several types over IPv4, IPv6 and TCP; errors", PROGRAMS, PACKAGES, dns
    ),
    Scenario(
        "dns_names",
        "flows to addresses that were learnt, or not",
        (*PROGRAMS, "curl", "nginx"),
        PACKAGES + " curl nginx-light",
        dns_names,
    ),
    Scenario(
        "dns_streams",
        "several questions over one TCP connection; over TLS and over HTTPS",
        STREAM_PROGRAMS,
        STREAM_PACKAGES,
        dns_streams,
    ),
    Scenario(
        "dns_pieces",
        "messages over TCP in pieces, of which some are late and repeated",
        STREAM_PROGRAMS,
        STREAM_PACKAGES,
        dns_pieces,
        ("late:server:1", "twice:server:3"),
    ),
    Scenario(
        "dns_faults",
        "questions and answers over UDP lost and repeated",
        PROGRAMS,
        PACKAGES,
        dns_faults,
        ("drop:client:1", "drop:server:2", "twice:client:5"),
    ),
]
