"""LINE's own description of its interface, read back out of the SDK that LINE makes from it.

LINE generates the SDK from its OpenAPI document and gives it to a package index. What a request is held against is all in there:
operations, paths, headers, how one signs in, answers, and each model with its fields, types and limits. Here that becomes an
OpenAPI document again, so that a mock server and `compare_line.py` have LINE's own words and not only ours.

Usage: line_sdk.py, which prints the document.
"""

import inspect
import json
import sys

from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, models
from pydantic.v1 import BaseModel
from pydantic.v1.schema import field_schema, schema

# What Wane uses. The mock knows no other path.
OPERATIONS = ["push_message", "reply_message"]
PREFIX = "#/components/schemas/"


class Client(ApiClient):
    """Keeps a call instead of sending it."""

    def call_api(self, path, method, path_params, query_params, header_params, **call):
        self.kept = {**call, "path": path, "method": method.lower(), "headers": header_params}

    def select_header_content_type(self, content_types, *rest):
        self.content_types = content_types
        return super().select_header_content_type(content_types, *rest)


def schemas():
    """All models by name. What tells models of one kind apart is the one thing that the SDK keeps in code and not in their fields."""
    classes = [one for _, one in inspect.getmembers(models, inspect.isclass) if issubclass(one, BaseModel)]
    found = schema(classes, ref_prefix=PREFIX)["definitions"]
    for parent in classes:
        kinds = getattr(parent, f"_{parent.__name__}__discriminator_value_class_map", None)
        if not kinds:
            continue
        key = getattr(parent, f"_{parent.__name__}__discriminator_property_name")
        for value, child in kinds.items():
            found[child]["properties"][key] = {"type": "string", "enum": [value]}
            found[child]["required"] = sorted({*found[child].get("required", []), key})
        mapping = {value: PREFIX + child for value, child in kinds.items()}
        found[parent.__name__] = {
            "oneOf": [{"$ref": reference} for reference in mapping.values()],
            "discriminator": {"propertyName": key, "mapping": mapping},
        }
    return found


def operation(name):
    """Where and how it is called."""
    client = Client(Configuration(access_token="t"))
    function = inspect.getattr_static(MessagingApi, f"{name}_with_http_info")
    given, body = function.vd.model.__fields__, f"{name}_request"
    headers = [one for one in inspect.signature(function.raw_function).parameters if one not in ("self", body, "kwargs")]
    function.raw_function(MessagingApi(client), **{one: one for one in [body, *headers]})
    call = client.kept
    parameters = [
        {"name": header, "in": "header", "required": given[value].required, "schema": field_schema(given[value], model_name_map={})[0]}
        for header, value in call["headers"].items()
        if value in headers
    ]
    content = {"schema": {"$ref": PREFIX + given[body].type_.__name__}}
    return call["path"], {call["method"]: {
        "operationId": name,
        "servers": [{"url": call["_host"]}],
        "security": [{scheme: []} for scheme in call["auth_settings"]],
        "parameters": parameters,
        "requestBody": {"required": given[body].required, "content": dict.fromkeys(client.content_types, content)},
        "responses": {
            status: {"description": model, "content": {"application/json": {"schema": {"$ref": PREFIX + model}}}}
            for status, model in call["response_types_map"].items()
        },
    }}


def document():
    settings = Configuration(access_token="t").auth_settings()
    paths = dict(map(operation, OPERATIONS))
    return {
        "openapi": "3.0.3",
        "info": {"title": "LINE, as its SDK has it", "version": "3"},
        "paths": paths,
        "components": {
            "securitySchemes": {name: {"type": "http", "scheme": one["type"]} for name, one in settings.items()},
            "schemas": schemas(),
        },
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, sort_keys=True)
