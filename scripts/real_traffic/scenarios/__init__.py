"""The scenarios, one module for a family of protocols."""
from scenarios import emule, mail, media, names, peer_to_peer, quic, shell, tls, web

ALL = [
    *web.SCENARIOS,
    *tls.SCENARIOS,
    *names.SCENARIOS,
    *mail.SCENARIOS,
    *shell.SCENARIOS,
    *media.SCENARIOS,
    *peer_to_peer.SCENARIOS,
    *emule.SCENARIOS,
    *quic.SCENARIOS,
]
