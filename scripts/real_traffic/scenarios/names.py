"""DNS: dig against dnsmasq, and flows to the addresses that were learnt."""
from clock import REAL_TIME
from network import CLIENT, CLIENT6, OTHER_SERVERS, SERVER, SERVER6
from scenarios.scenario import NAME, Scenario
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


PROGRAMS, PACKAGES = ("dig", "dnsmasq"), "bind9-dnsutils dnsmasq-base"
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
]
