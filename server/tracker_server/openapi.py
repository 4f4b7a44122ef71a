"""`python -m tracker_server.openapi` prints the OpenAPI document, from which the dashboard's types are generated."""

import json

from tracker_server.app import openapi

if __name__ == "__main__":
    print(json.dumps(openapi(), indent=1, sort_keys=True))
