"""Whether our description of LINE's interface is nowhere laxer than the one that LINE publishes.

Whatever Wane sends goes through ours (`mocked.py`), so it must ask for all that LINE asks for: every request that fits ours
has to fit LINE's. That is compared from schema to schema, and everything that can not be compared is a finding, which says what
to change in `line-messaging.yaml`. `mocked.py` does it with what LINE's SDK has (`line_sdk.py`), in every run. A few limits are
in the document that LINE makes the SDK from and not in the SDK; when LINE publishes a new one, run this with it.

Usage: compare_line.py PUBLISHED, the path of a copy of `messaging-api.yml` from github.com/line/line-openapi.
"""

import pathlib
import sys

import yaml

OURS = pathlib.Path(__file__).with_name("line-messaging.yaml")
# A limit and whether ours may be less or more than theirs.
AT_MOST = ("maxLength", "maxItems", "maximum")
AT_LEAST = ("minLength", "minItems", "minimum")
# What says nothing about whether a value fits.
SILENT = {"description", "externalDocs", "example", "title", "deprecated", "default", "discriminator"}
KNOWN = {"type", "format", "pattern", "enum", "required", "properties", "items", "additionalProperties", *AT_MOST, *AT_LEAST}


class Document:
    def __init__(self, whole):
        self.whole = whole

    @classmethod
    def read(cls, path):
        return cls(yaml.safe_load(pathlib.Path(path).read_text()))

    def resolved(self, node):
        """What a reference stands for, and what `allOf` adds up to."""
        while "$ref" in node:
            at = self.whole
            for step in node["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            node = at
        merged = {name: value for name, value in node.items() if name != "allOf"}
        merged = {**merged, "required": list(node.get("required", [])), "properties": dict(node.get("properties", {}))}
        for part in map(self.resolved, node.get("allOf", [])):
            merged["required"] += part.pop("required")
            merged["properties"] = {**part.pop("properties"), **merged["properties"]}
            merged = {**part, **merged}
        return merged


class Comparison:
    def __init__(self, ours, theirs):
        self.ours, self.theirs, self.found, self.compared = ours, theirs, [], 0

    def say(self, place, what):
        self.found.append(f"{place}: {what}")

    def paths(self):
        for path, methods in self.ours.whole["paths"].items():
            for method, ours in methods.items():
                theirs = self.theirs.whole["paths"].get(path, {}).get(method)
                if theirs is None:
                    self.say(f"{method} {path}", "LINE has no such operation")
                else:
                    self.operation(f"{method} {path}", ours, theirs)

    def operation(self, place, ours, theirs):
        self.servers(place, theirs)
        self.security(place, ours, theirs)
        self.parameters(place, ours.get("parameters", []), theirs.get("parameters", []))
        bodies = [node["requestBody"] for node in (ours, theirs)]
        if bodies[1].get("required") and not bodies[0].get("required"):
            self.say(place, "the body may be left out")
        for kind, content in bodies[0]["content"].items():
            if kind in bodies[1]["content"]:
                self.schema(f"{place} {kind}", content["schema"], bodies[1]["content"][kind]["schema"])
            else:
                self.say(place, f"LINE takes no {kind}")
        missing = set(theirs["responses"]) - set(ours["responses"])
        if missing:
            self.say(place, f"LINE also answers {sorted(missing)}")

    def servers(self, place, theirs):
        told = theirs.get("servers") or self.theirs.whole.get("servers", [])
        given = [{server["url"] for server in node} for node in (self.ours.whole["servers"], told)]
        if not given[0] <= given[1]:
            self.say(place, f"at {sorted(given[0])}, and LINE's at {sorted(given[1])}")

    def security(self, place, ours, theirs):
        asked = []
        for document, operation in ((self.ours, ours), (self.theirs, theirs)):
            schemes = document.whole["components"]["securitySchemes"]
            names = [name for one in operation.get("security", document.whole.get("security", [])) for name in one]
            asked.append({(schemes[name]["type"], schemes[name].get("scheme", "").lower()) for name in names})
        if asked[0] != asked[1] or not asked[0]:
            self.say(place, f"asks for {asked[0]}, and LINE for {asked[1]}")

    def parameters(self, place, ours, theirs):
        def named(all):
            return {(one["in"], one["name"].lower()): one for one in all}

        ours, theirs = named(ours), named(theirs)
        for key in sorted(set(ours) | set(theirs)):
            if key not in theirs:
                self.say(place, f"LINE knows no {key}")
            elif key not in ours:
                if theirs[key].get("required"):
                    self.say(place, f"{key} is missing")
            else:
                if theirs[key].get("required") and not ours[key].get("required"):
                    self.say(place, f"{key} may be left out")
                self.schema(f"{place} {key[1]}", ours[key]["schema"], theirs[key]["schema"])

    def schema(self, place, ours, theirs):
        """Whether all that fits the one fits the other."""
        ours, theirs = self.ours.resolved(ours), self.theirs.resolved(theirs)
        theirs = self.of_type(place, ours, theirs)
        self.compared += 1
        unknown = set(theirs) - KNOWN - SILENT
        if unknown:
            self.say(place, f"this comparison does not know {sorted(unknown)}")
        for name in ("type", "format", "pattern"):
            if name in theirs and ours.get(name) != theirs[name]:
                self.say(place, f"`{name}` is {ours.get(name)}, and LINE's {theirs[name]}")
        if "enum" in theirs and not set(ours.get("enum", [None])) <= set(theirs["enum"]):
            self.say(place, f"one of {ours.get('enum')}, and LINE's one of {theirs['enum']}")
        for names, laxer in ((AT_MOST, lambda a, b: a > b), (AT_LEAST, lambda a, b: a < b)):
            for name in names:
                if name in theirs and (name not in ours or laxer(ours[name], theirs[name])):
                    self.say(place, f"`{name}` is {ours.get(name)}, and LINE's {theirs[name]}")
        self.fields(place, ours, theirs)
        if "items" in theirs:
            if "items" in ours:
                self.schema(f"{place}[]", ours["items"], theirs["items"])
            else:
                self.say(place, "the items may be anything")

    def of_type(self, place, ours, theirs):
        """Where LINE tells messages apart by a field: the one that ours is."""
        told = theirs.get("discriminator")
        if not told or "mapping" not in told:
            return theirs
        values = ours["properties"].get(told["propertyName"], {}).get("enum", [])
        if len(values) != 1 or values[0] not in told["mapping"]:
            self.say(place, f"`{told['propertyName']}` is one of {values}, and LINE's one of {sorted(told['mapping'])}")
            return theirs
        one = self.theirs.resolved({"$ref": told["mapping"][values[0]]})
        return {name: value for name, value in one.items() if name != "discriminator"}

    def fields(self, place, ours, theirs):
        if theirs.get("type") != "object":
            return
        lacking = set(theirs["required"]) - set(ours["required"])
        if lacking:
            self.say(place, f"{sorted(lacking)} may be left out")
        if ours.get("additionalProperties") is not False:
            self.say(place, "takes fields that nobody named")
        for name, schema in ours["properties"].items():
            if name in theirs["properties"]:
                self.schema(f"{place}.{name}", schema, theirs["properties"][name])
            else:
                self.say(place, f"LINE knows no `{name}`")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    comparison = Comparison(Document.read(OURS), Document.read(sys.argv[1]))
    comparison.paths()
    for finding in comparison.found:
        print(f"FAIL {finding}")
    print(f"{comparison.compared} schemas compared, {len(comparison.found)} findings")
    return 1 if comparison.found or comparison.compared < 8 else 0


if __name__ == "__main__":
    sys.exit(main())
