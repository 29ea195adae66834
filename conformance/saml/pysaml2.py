"""A service provider on pysaml2, at LISTEN. Its directory holds idp.xml, sp.key and sp.crt.

GET /login?binding=post&force=1&passive=1&nameid=URI&acr=URI&rs=TEXT (all optional), /logout?binding=post|redirect|soap, /who, /forget,
/metadata; POST /acs; GET and POST /slo; SOAP at /soap. Answers are JSON: the user, or {"error": why}."""
import json
import os
import urllib.parse as up
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from saml2 import BINDING_HTTP_POST as POST, BINDING_HTTP_REDIRECT as REDIRECT, BINDING_SOAP as SOAP
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import create_metadata_string
from saml2.pack import make_soap_enveloped_saml_thingy
from saml2.s_utils import status_message_factory, success_status_factory
from saml2.saml import AuthnContextClassRef
from saml2.samlp import RequestedAuthnContext, STATUS_UNKNOWN_PRINCIPAL
from saml2.sigver import verify_redirect_signature

HOST, PORT = os.environ["LISTEN"].split(":")
BASE = f"http://{HOST}:{PORT}"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SIGN = dict(sign_alg=SHA256, digest_alg="http://www.w3.org/2001/04/xmlenc#sha256")  # it does not take them from its settings
KEYS = dict(key_file="sp.key", cert_file="sp.crt")
MAIL, GROUPS = "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:1.3.6.1.4.1.5923.1.1.1.1"

# It writes what comes by SOAP anew before it looks at the signature, which covers prefixes.
for prefix, space in (("samlp", "urn:oasis:names:tc:SAML:2.0:protocol"), ("saml", "urn:oasis:names:tc:SAML:2.0:assertion"), ("ds", "http://www.w3.org/2000/09/xmldsig#")):
    ElementTree.register_namespace(prefix, space)

config = SPConfig().load(dict(
    entityid=BASE + "/metadata", xmlsec_binary="/usr/bin/xmlsec1", encryption_keypairs=[KEYS], metadata=dict(local=["idp.xml"]),
    accepted_time_diff=60,
    allow_unknown_attributes=True, attribute_map_dir=None, **KEYS,
    service=dict(sp=dict(
        name="pysaml2", name_id_format_allow_create=True, authn_requests_signed=True, logout_requests_signed=True, logout_responses_signed=True,
        want_response_signed=False, want_assertions_signed=False, want_assertions_or_response_signed=True, allow_unsolicited=True,
        endpoints=dict(assertion_consumer_service=[(BASE + "/acs", POST)],
                       single_logout_service=[(BASE + "/slo", REDIRECT), (BASE + "/slo", POST), (BASE + "/soap", SOAP)])))))
sp = Saml2Client(config=config)
idp = list(sp.metadata.keys())[0]
pending = {}
user = []  # the NameID of who is signed in


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def out(self, code, body, kind="application/json", location=None):
        if kind == "application/json":
            body = json.dumps(body)
        body = body.encode() if isinstance(body, str) else body
        self.send_response(code)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Location", location)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send(self, info):
        location = dict(info["headers"]).get("Location")
        if location:
            return self.out(303, "", "text/plain", location)
        self.out(200, info["data"], "text/html")

    def run(self, path, form, get):
        try:
            getattr(self, "do_" + path.strip("/"))(form, get)
        except Exception as e:
            self.out(400, {"error": f"{type(e).__name__} {e}"})

    def do_GET(self):
        at = up.urlsplit(self.path)
        self.run(at.path, up.parse_qs(at.query, keep_blank_values=True), True)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/soap":
            return self.soap(body)
        self.run(up.urlsplit(self.path).path, up.parse_qs(body), False)

    def soap(self, body):
        request = sp.parse_logout_request(body, SOAP)
        known = bool(user) and request.message.name_id == user[0]
        user.clear()
        status = success_status_factory() if known else status_message_factory("Wrong user", STATUS_UNKNOWN_PRINCIPAL)
        # handle_logout_request does that too, and fails where it has to sign what it sends by SOAP
        answer = sp.create_logout_response(request.message, [SOAP], status=status, sign=True, **SIGN)
        self.out(200, make_soap_enveloped_saml_thingy(str(answer)), "text/xml")

    def do_metadata(self, form, get):
        self.out(200, create_metadata_string(None, config=config, sign=True), "application/samlmetadata+xml")

    def do_who(self, form, get):
        self.out(200, {"user": user[0].text if user else ""})

    def do_forget(self, form, get):
        user.clear()
        self.out(200, {})

    def do_login(self, form, get):
        options = {"allow_create": "true"}  # it says false by default, and then nobody new may come by a persistent name
        if "force" in form:
            options["force_authn"] = "true"
        if "passive" in form:
            options["is_passive"] = "true"
        if "acr" in form:
            classes = [AuthnContextClassRef(text=c) for c in form["acr"]]
            options["requested_authn_context"] = RequestedAuthnContext(comparison="exact", authn_context_class_ref=classes)
        request, info = sp.prepare_for_authenticate(
            relay_state=form.get("rs", [""])[0], binding=POST if form.get("binding") == ["post"] else REDIRECT,
            nameid_format=form.get("nameid", [None])[0], sigalg=SHA256, digest_alg=SIGN["digest_alg"], **options)
        pending[request] = "/"
        self.send(info)

    def do_acs(self, form, get):
        r = sp.parse_authn_request_response(form["SAMLResponse"][0], POST, pending)
        user[:] = [r.name_id]
        values = {a.name: [v.text for v in a.attribute_value] for s in r.assertion.attribute_statement for a in s.attribute}
        authn = r.authn_info()[0]
        self.out(200, {"user": r.name_id.text, "format": r.name_id.format, "class": authn[0], "at": authn[2],
                       "mail": "".join(values.get(MAIL, [])), "groups": values.get(GROUPS, []), "relay": form.get("RelayState", [""])[0]})

    def do_logout(self, form, get):
        binding = dict(post=POST, soap=SOAP).get("".join(form.get("binding", [])), REDIRECT)
        answer = list(sp.do_logout(user[0], [idp], "", None, sign=True, expected_binding=binding, **SIGN).values())[0]
        if binding != SOAP:
            return self.send(answer[1])
        user.clear()
        self.loggedout(answer)

    def loggedout(self, r):
        status = r.response.status.status_code
        self.out(200, {"loggedOut": status.value, "second": status.status_code.value if status.status_code else ""})

    def do_slo(self, form, get):
        form = {k: v[0] for k, v in form.items()}
        binding = REDIRECT if get else POST
        if get and not any(verify_redirect_signature(form, sp.sec.sec_backend, c) for c in sp.metadata.certs(idp, "idpsso", "signing")):
            return self.out(400, {"error": "query signature"})  # pysaml2 leaves it to the caller
        if "SAMLResponse" in form:
            r = sp.parse_logout_request_response(form["SAMLResponse"], binding)
            sp.handle_logout_response(r)
            user.clear()
            return self.loggedout(r)
        info = sp.handle_logout_request(form["SAMLRequest"], user[0] if user else None, binding, **SIGN,
                                        relay_state=form.get("RelayState", ""))
        user.clear()
        self.send(info)


ThreadingHTTPServer((HOST, int(PORT)), Handler).serve_forever()
