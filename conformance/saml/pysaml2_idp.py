"""An identity provider on pysaml2, at LISTEN, which lets everybody in as alice. Its directory holds sp.xml, idp.key and idp.crt.

GET /metadata, /sso (Redirect), POST /sso, GET /start?acs=URL&sp=ENTITY&rs=TEXT,
GET /encrypt?as=gcm|cbc| has assertions encrypted from then on, or not any more."""
import functools
import os
import urllib.parse as up
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import saml2.entity
from saml2 import BINDING_HTTP_POST as POST, BINDING_HTTP_REDIRECT as REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import verify_redirect_signature

HOST, PORT = os.environ["LISTEN"].split(":")
BASE = f"http://{HOST}:{PORT}"
SIGN = dict(sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", digest_alg="http://www.w3.org/2001/04/xmlenc#sha256")
config = IdPConfig().load(dict(
    entityid=BASE + "/metadata", xmlsec_binary="/usr/bin/xmlsec1", key_file="idp.key", cert_file="idp.crt",
    metadata=dict(local=["sp.xml"]),
    service=dict(idp=dict(
        name="pysaml2",
        policy=dict(default=dict(lifetime=dict(minutes=5), name_form="urn:oasis:names:tc:SAML:2.0:attrname-format:uri")),
        endpoints=dict(single_sign_on_service=[(BASE + "/sso", REDIRECT), (BASE + "/sso", POST)])))))
idp = Server(config=config)
encrypting = {}
template, encrypt = saml2.entity.pre_encryption_part, idp.sec.encrypt_assertion


def encrypt_as(cipher):
    """pysaml2 has no setting for the cipher and encrypts with 3DES: the template says another one."""
    uri, key = dict(gcm=("http://www.w3.org/2009/xmlenc11#aes256-gcm", "aes-256"), cbc=("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "aes-128"))[cipher]
    saml2.entity.pre_encryption_part = functools.partial(template, msg_enc=uri)
    idp.sec.encrypt_assertion = functools.partial(encrypt, key_type=key)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def out(self, code, body, kind="text/html"):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        at = up.urlsplit(self.path)
        query = {k: v[0] for k, v in up.parse_qs(at.query).items()}
        try:
            if at.path == "/metadata":
                return self.out(200, create_metadata_string(None, config=config, sign=True), "application/samlmetadata+xml")
            if at.path == "/encrypt":
                encrypting.clear()
                if query.get("as"):
                    encrypt_as(query["as"])
                    encrypting.update(encrypt_assertion=True)
                return self.out(200, "as you like")
            if at.path == "/start":
                return self.answer(dict(in_response_to="", destination=query["acs"], sp_entity_id=query["sp"]), query["rs"])
            self.ask(query, REDIRECT)
        except Exception as e:
            self.out(400, f"{type(e).__name__} {e}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            self.ask({k: v[0] for k, v in up.parse_qs(body).items()}, POST)
        except Exception as e:
            self.out(400, f"{type(e).__name__} {e}")

    def ask(self, form, binding):
        """Refuses a request by Redirect that is not signed, or not well: pysaml2 leaves the query's signature to its caller."""
        if binding == REDIRECT:
            sp = list(idp.metadata.keys())[0]
            certificates = idp.metadata.certs(sp, "spsso", "signing")
            if not any(verify_redirect_signature(form, idp.sec.sec_backend, c) for c in certificates):
                return self.out(400, "query signature")
        request = idp.parse_authn_request(form["SAMLRequest"], binding)
        arguments = idp.response_args(request.message)
        arguments.pop("binding", None)
        arguments.pop("name_id_policy", None)
        self.answer(arguments, form.get("RelayState", ""))

    def answer(self, arguments, relay_state):
        response = idp.create_authn_response(
            {"mail": ["alice@example.com"]}, userid="alice", name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="alice-7"),
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": BASE}, sign_response=bool(encrypting), sign_assertion=True, **encrypting, **SIGN, **arguments)
        info = idp.apply_binding(POST, str(response), arguments["destination"], relay_state, response=True)
        self.out(200, info["data"])


ThreadingHTTPServer((HOST, int(PORT)), Handler).serve_forever()
