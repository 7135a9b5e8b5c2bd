"""Makes the pages of the API reference, in Markdown, of openapi.yaml."""

import html
import json
import re

import yaml

# The order of the pages: endpoints without a tag, then those with one, then the schemas.
ENDPOINTS, VENDORS, SCHEMAS = "api/endpoints.md", "api/vendors.md", "api/schemas.md"
METHODS = ("get", "post", "put", "patch", "delete")


def slug(text):
    """The anchor of a heading, as GitHub and the site make it."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def cell(text):
    """Text that is safe in a cell of a table."""
    return escaped(" ".join(text.split())).replace("|", "\\|")


def escaped(text):
    """Plain text as Markdown."""
    return re.sub(r"([\\`*_\[\]#])", r"\\\1", html.escape(text, quote=False))


def code(text):
    return f"<code>{html.escape(str(text), quote=False).replace('|', '&#124;').replace('*', '&#42;')}</code>"


class Reference:
    def __init__(self, document):
        self.document = document
        self.schemas = document["components"]["schemas"]

    def resolve(self, value):
        """What a reference to a parameter, a header or a response names."""
        while "$ref" in value:
            at = self.document
            for name in value["$ref"].removeprefix("#/").split("/"):
                at = at[name]
            value = at
        return value

    def kind(self, schema):
        """A schema in a few words, with links to those that have a name."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f"[{name}](schemas.md#{slug(name)})"
        for union in ("oneOf", "anyOf"):
            if union in schema:
                return ", or ".join(self.kind(choice) for choice in schema[union])
        if "allOf" in schema:
            return " with ".join(self.kind(part) for part in schema["allOf"])
        if "enum" in schema:
            return ", ".join(code(value) for value in schema["enum"])
        if "const" in schema:
            return code(schema["const"])
        kinds = schema.get("type", "any")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "array" in kinds and "items" in schema:
            described = f"list of {self.kind(schema['items'])}"
        else:
            described = next((kind for kind in kinds if kind != "null"), "null")
        described += "".join(f", {text}" for text in self.bounds(schema))
        return described + (", or null" if "null" in kinds and kinds != ["null"] else "")

    @staticmethod
    def bounds(schema):
        if "format" in schema:
            yield str(schema["format"])
        for low, high, unit in (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "items"),
                                ("minProperties", "maxProperties", "members"), ("minimum", "maximum", "")):
            if low in schema and high in schema:
                yield f"{schema[low]} to {schema[high]} {unit}".strip()
            elif high in schema:
                yield f"at most {schema[high]} {unit}".strip()
            elif low in schema:
                yield f"at least {schema[low]} {unit}".strip()
        if "default" in schema:
            yield f"by default {json.dumps(schema['default'])}"

    def members(self, schema):
        """The members of an object, as a table."""
        needed, rows = schema.get("required", []), []
        for name, member in schema.get("properties", {}).items():
            rows.append((code(name), self.kind(member), "yes" if name in needed else "", self.meaning(member)))
        for pattern, member in schema.get("patternProperties", {}).items():
            rows.append((code(pattern), self.kind(member), "", self.meaning(member)))
        further = schema.get("additionalProperties")
        if isinstance(further, dict):
            rows.append(("any other", self.kind(further), "", self.meaning(further)))
        return self.table(("member", "type", "needed", "meaning"), rows)

    def meaning(self, member):
        text = member.get("description", "")
        nested = member.get("properties") or member.get("items", {}).get("properties")
        if nested:
            text += " Members: " + ", ".join(nested) + "."
        return cell(text)

    @staticmethod
    def table(head, rows):
        if not rows:
            return ""
        used = [column for column in range(len(head)) if any(row[column] for row in rows)]
        lines = ["| " + " | ".join(head[column] for column in used) + " |", "|" + "---|" * len(used)]
        lines += ["| " + " | ".join(row[column] for column in used) + " |" for row in rows]
        return "\n".join(lines) + "\n\n"

    def examples(self, content):
        """The examples of one media type, each shown as it would be sent."""
        examples = {name: example["value"] for name, example in content.get("examples", {}).items()}
        if "example" in content:
            examples["example"] = content["example"]
        for name, value in examples.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
            language = "text" if isinstance(value, str) else "json"
            yield f"Example: {escaped(name.replace('_', ' '))}\n\n```{language}\n{shown.rstrip()}\n```\n\n"

    def contents(self, contents):
        for media_type, content in contents.items():
            schema = content.get("schema", {})
            yield f"**{code(media_type)}**: {self.kind(schema)}\n\n"
            if "description" in schema and "$ref" not in schema:
                yield escaped(schema["description"]) + "\n\n"
            if "properties" in schema:
                yield self.members(schema)
            yield from self.examples(content)

    def operation(self, path, method, item):
        operation = item[method]
        yield f"## {method.upper()} {escaped(path)}\n\n{escaped(operation.get('summary', ''))}\n\n"
        if "description" in operation:
            yield escaped(operation["description"]) + "\n\n"
        parameters = [self.resolve(each) for each in item.get("parameters", []) + operation.get("parameters", [])]
        rows = [(code(each["name"]), each["in"], self.kind(each.get("schema", {})),
                 "yes" if each.get("required") else "", cell(each.get("description", ""))) for each in parameters]
        if rows:
            yield "**Parameters**\n\n" + self.table(("name", "in", "type", "needed", "meaning"), rows)
        if "requestBody" in operation:
            yield "**Request**\n\n"
            yield from self.contents(self.resolve(operation["requestBody"])["content"])
        yield "**Responses**\n\n"
        grouped = {}
        for status, response in operation["responses"].items():
            grouped.setdefault(json.dumps(response, default=str), []).append(status)
        for text, statuses in grouped.items():
            response = self.resolve(json.loads(text))
            yield f"**{', '.join(statuses)}**: {escaped(' '.join(response['description'].split()))}\n\n"
            headers = {name: self.resolve(header) for name, header in response.get("headers", {}).items()}
            yield self.table(("header field", "meaning"), [
                (code(name), cell(header.get("description", ""))) for name, header in headers.items()])
            # Examples of problems would be the same under each endpoint: they are on the page of errors.
            shared = "$ref" in json.loads(text)
            for media_type, content in response.get("content", {}).items():
                yield f"{code(media_type)}: {self.kind(content.get('schema', {}))}\n\n"
                if not shared:
                    yield from self.examples(content)

    def page(self, title, introduction, tagged):
        yield f"# {title}\n\n{introduction}\n\n"
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item and bool(item[method].get("tags")) == tagged:
                    yield from self.operation(path, method, item)

    def schema_page(self):
        yield "# Schemas\n\nThe objects and texts that requests and responses are made of.\n\n"
        for name, schema in self.schemas.items():
            yield f"## {name}\n\n"
            if "description" in schema:
                yield escaped(schema["description"]) + "\n\n"
            if "$ref" in schema:
                yield f"All members of {self.kind({'$ref': schema['$ref']})}"
                yield ", and:\n\n" if schema.get("properties") or schema.get("patternProperties") else ".\n\n"
            if schema.get("properties") or schema.get("patternProperties"):
                yield self.members(schema)
            elif "$ref" not in schema:
                yield f"Type: {self.kind(schema)}\n\n"


def pages(text):
    """The Markdown of each page, by its name in the site."""
    document = yaml.safe_load(text)
    reference = Reference(document)
    introduction = (
        "Made of [openapi.yaml](../openapi.yaml), version {version}, which a running gateway serves at `/openapi.yaml` and"
        " `/openapi.json`. If the gateway has API keys, send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`."
        " {more}").format
    version = document["info"]["version"]
    return {
        ENDPOINTS: "".join(reference.page("Endpoints", introduction(
            version=version, more="[Requests by example](../requests.md) shows the formats one by one."), False)),
        VENDORS: "".join(reference.page("Endpoints of other vendors", introduction(
            version=version, more="[Programs for other vendors](../vendors.md) says what to change, and what differs."), True)),
        SCHEMAS: "".join(reference.schema_page()),
    }
