"""`tracker serve`: a version of a model behind HTTP, which follows its alias.

    POST /predictions    {"input": {…}} -> {"output": {…}, "model": …, "version": …}
    GET  /               what is served, for people
    GET  /openapi.json   the same for programs, from the signature
    GET  /health-check   200 once it answers, 503 before
    GET  /metrics        for Prometheus

What always holds: a request is answered by one version from its start to its end, and the answer says by which; there
is a version to answer with from the first one that loaded until the end. Nothing here knows a framework: what runs a
model is `tracker.bundles.forms`.
"""
