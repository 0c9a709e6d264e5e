"""HTTP: curl against nginx, directly, over a bad wire, through a proxy, and as HTTP/2."""
from clock import REAL_TIME
from network import SERVER, SERVER6
from scenarios.scenario import NAME, Scenario, certificate

CURL = ("curl", "--no-progress-meter", "--verbose", "--max-time", "20", "--output", "-")
# A lone MP4 file type box, then bytes that mean nothing: enough to be taken for a video.
MP4 = bytes.fromhex("00000018") + b"ftypmp42" + bytes(12) + b"\x01" * 2000


def nginx(net, server_blocks, modules=""):
    """`server_blocks`: the inside of http { }."""
    net.file("www/hello.txt", "hello\n")
    net.file("www/two.txt", "two\n" * 100)
    net.file("www/long.bin", bytes(range(256)) * 60)
    net.file("www/film.mp4", MP4)
    text = (
        f"daemon off; master_process off; pid {net.path('nginx.pid')}; error_log stderr warn;\n"
        "events { worker_connections 64; }\n"
        "http { access_log off; sendfile on; default_type text/plain;\n"
        f"  client_body_temp_path {net.path('body')}; proxy_temp_path {net.path('proxy')};\n"
        f"  fastcgi_temp_path {net.path('fastcgi')}; uwsgi_temp_path {net.path('uwsgi')};\n"
        f"  scgi_temp_path {net.path('scgi')}; root {net.path('www')};\n{server_blocks}\n}}\n"
    )
    return net.file("nginx.conf", text)


PLAIN = """
  server { listen 80; listen [::]:80; keepalive_requests 100;
    location = /form { return 200 "taken\\n"; }
    location = /old { return 302 http://www.example.org/hello.txt; }
    location = /none { return 204; }
  }"""


def start_nginx(net, configuration, ports):
    net.start(
        "server",
        ["nginx", "-e", "stderr", "-p", net.directory, "-c", configuration],
        [("tcp", port) for port in ports],
    )


def curl(net, port, *arguments, **options):
    return net.run("client", [*CURL, *arguments], client_port=port, **options)


def to_server(port=80):
    return ["--resolve", f"{NAME}:{port}:{SERVER}"]


def http_requests(net):
    start_nginx(net, nginx(net, PLAIN), [80])
    url = f"http://{NAME}"
    curl(net, 40001, *to_server(), f"{url}/hello.txt")
    curl(net, 40002, *to_server(), f"{url}/missing")
    curl(net, 40003, *to_server(), "--data", "name=value", f"{url}/form")
    curl(net, 40004, *to_server(), f"{url}/hello.txt", f"{url}/two.txt", f"{url}/missing")
    upload = net.file("upload.bin", b"0123456789abcdef" * 400)
    curl(net, 40005, *to_server(), "--data-binary", f"@{upload}", f"{url}/form")
    curl(net, 40006, *to_server(), "--head", f"{url}/two.txt")
    curl(net, 40007, *to_server(), f"{url}/old")
    curl(net, 40008, *to_server(), f"{url}/film.mp4", "--output", net.path("film"))
    curl(net, 40009, *to_server(), "--request", "DELETE", f"{url}/hello.txt")
    curl(net, 40010, *to_server(), "--request", "PUT", "--data", "x=1", f"{url}/none")
    curl(net, 40011, "--resolve", f"{NAME}:80:[{SERVER6}]", f"{url}/hello.txt")
    curl(net, 40012, *to_server(), "--request", "TRACE", f"{url}/hello.txt")
    curl(
        net,
        40013,
        *to_server(),
        "--data",
        "a=1",
        f"{url}/form",
        "--next",
        *CURL[1:],
        *to_server(),
        f"{url}/hello.txt",
    )


def http_segments(net):
    """Requests and responses in small segments."""
    start_nginx(net, nginx(net, PLAIN), [80])
    url = f"http://{NAME}"
    net.limit_segments("server", 100)
    net.limit_segments("client", 300)
    curl(
        net,
        40001,
        *to_server(),
        "--user-agent",
        "a" * 120,
        "--referer",
        "http://ref.example/page",
        f"{url}/two.txt",
    )
    # The host comes behind the cut: the path is longer than the first segment.
    curl(net, 40002, *to_server(), f"{url}/none?q={'q' * 150}")


def http_faults(net):
    start_nginx(net, nginx(net, PLAIN), [80])
    url = f"http://{NAME}"
    upload = net.file("upload.bin", b"fedcba9876543210" * 500)
    curl(net, 40001, *to_server(), f"{url}/long.bin", "--output", net.path("long"))
    curl(net, 40002, *to_server(), "--data-binary", f"@{upload}", f"{url}/form")
    curl(net, 40003, *to_server(), f"{url}/hello.txt", f"{url}/two.txt")


def http_proxy(net):
    crt, key = certificate(net)
    start_nginx(
        net,
        nginx(
            net,
            PLAIN
            + f"""
  server {{ listen 443 ssl; ssl_certificate {crt}; ssl_certificate_key {key};
    ssl_protocols TLSv1.2; }}""",
        ),
        [80, 443],
    )
    settings = net.file(
        "tinyproxy.conf",
        "Port 8080\nListen 0.0.0.0\nTimeout 30\n"
        "LogLevel Warning\n"
        f'ViaProxyName "proxy.example.org"\nPidFile "{net.path("tinyproxy.pid")}"\n'
        "ConnectPort 443\nConnectPort 80\n",
    )
    net.start("server", ["tinyproxy", "-d", "-c", settings], [("tcp", 8080)])
    proxy = ["--proxy", f"http://{SERVER}:8080"]
    curl(
        net,
        40001,
        *proxy,
        "--insecure",
        "--connect-to",
        f"{NAME}:443:{SERVER}:443",
        f"https://{NAME}/hello.txt",
    )
    curl(net, 40002, *proxy, f"http://{SERVER}/hello.txt")
    curl(net, 40003, *proxy, "--proxytunnel", f"http://{SERVER}:80/two.txt")
    curl(net, 40004, *proxy, "--proxytunnel", f"http://{SERVER}:81/two.txt", fails=True)


def http2(net):
    crt, key = certificate(net)
    start_nginx(
        net,
        nginx(
            net,
            f"""
  server {{ listen 8080 http2; listen 80; }}
  server {{ listen 443 ssl http2; ssl_certificate {crt}; ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3; }}""",
        ),
        [80, 443, 8080],
    )
    curl(net, 40001, *to_server(8080), "--http2-prior-knowledge", f"http://{NAME}:8080/two.txt")
    curl(net, 40002, *to_server(), "--http2", f"http://{NAME}/hello.txt")
    tls = ["--insecure", *to_server(443), f"https://{NAME}/hello.txt"]
    curl(net, 40003, "--http2", "--tlsv1.3", *tls)
    curl(net, 40004, "--http2", "--tls-max", "1.2", *tls)
    curl(net, 40005, "--http1.1", "--tls-max", "1.2", *tls)
    curl(net, 40006, "--no-alpn", "--tls-max", "1.2", *tls)


def http2_upgrade(net):
    settings = net.file(
        "Caddyfile",
        "{\n admin off\n servers {\n  protocols h1 h2c\n }\n}\n"
        'http://:8080 {\n respond "hello"\n}\n',
    )
    net.start(
        "server",
        ["caddy", "run", "--adapter", "caddyfile", "--config", settings],
        [("tcp", 8080)],
        env={**REAL_TIME, "HOME": net.path("home")},
    )
    url = f"http://{NAME}:8080"
    curl(net, 40001, *to_server(8080), "--http2", f"{url}/one")
    curl(net, 40002, *to_server(8080), "--http2-prior-knowledge", f"{url}/one")


PROGRAMS, PACKAGES = ("curl", "nginx", "openssl"), "curl nginx-light openssl"
SCENARIOS = [
    Scenario(
        "http_requests",
        "methods, status codes, keep-alive, POST, a video, IPv6",
        PROGRAMS,
        PACKAGES,
        http_requests,
    ),
    Scenario(
        "http_segments",
        "requests and responses split over small segments",
        PROGRAMS,
        PACKAGES,
        http_segments,
    ),
    Scenario(
        "http_late",
        "the first segments of a request and of a response come last",
        PROGRAMS,
        PACKAGES,
        http_segments,
        ("late:client:1", "late:server:1"),
    ),
    Scenario(
        "http_faults",
        "downloads and uploads with losses and reordering",
        PROGRAMS,
        PACKAGES,
        http_faults,
        (
            "drop:server:2",
            "late:server:5",
            "lose:server:8",
            "drop:client:3",
            "lose:client:5",
            "twice:client:8",
            "drop:client:9",
        ),
    ),
    Scenario(
        "http_proxy",
        "CONNECT with TLS inside, absolute URLs",
        (*PROGRAMS, "tinyproxy"),
        PACKAGES + " tinyproxy",
        http_proxy,
    ),
    Scenario("http2", "HTTP/2 with prior knowledge, over TLS; ALPN", PROGRAMS, PACKAGES, http2),
    Scenario(
        "http2_upgrade",
        "HTTP/2 that begins as HTTP/1.1",
        ("curl", "caddy"),
        "curl caddy",
        http2_upgrade,
    ),
]
