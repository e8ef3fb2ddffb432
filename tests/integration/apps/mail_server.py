# SPDX-License-Identifier: Apache-2.0
"""A mail server on aiosmtpd (Debian's python3-aiosmtpd), with STARTTLS and login, that keeps the mails it accepts."""

import email
import email.policy
import socket
import ssl
import subprocess

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

USER, PASSWORD = "millrace", "m4il-s3cret"


def certificate(directory):
    """A key and a certificate for 127.0.0.1."""
    key, file = f"{directory}/mail.key", f"{directory}/mail.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file, "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return key, file


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MailServer:
    """`answers`: recipient → what RCPT gets, e.g. "550 no such user". `data_answers`: what the next mails get, one each;
    a mail is kept if its answer begins with 250. `after_data`: called when a mail was accepted, before the answer."""

    def __init__(self, key, file, port=0, login=True, starttls=True):
        self.mails, self.answers, self.data_answers, self.after_data = [], {}, [], None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, key)
        outer = self

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                answer = outer.answers.get(address, "250 OK")
                if isinstance(answer, list):
                    answer = answer.pop(0) if answer else "250 OK"
                if answer.startswith("250"):
                    envelope.rcpt_tos.append(address)
                return answer

            async def handle_DATA(self, server, session, envelope):
                answer = outer.data_answers.pop(0) if outer.data_answers else "250 OK"
                if answer.startswith("250"):
                    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
                    message.recipients = list(envelope.rcpt_tos)
                    outer.mails.append(message)
                    if outer.after_data:
                        outer.after_data()
                return answer

        def authenticate(server, session, envelope, mechanism, data):
            good = data.login == USER.encode() and data.password == PASSWORD.encode()
            return AuthResult(success=good, handled=good)

        more = {"authenticator": authenticate, "auth_required": login, "auth_require_tls": starttls} if login else {}
        if starttls:
            more |= {"tls_context": context, "require_starttls": True}
        self.port = port or free_port()
        self.controller = Controller(Handler(), hostname="127.0.0.1", port=self.port, ready_timeout=30, **more)
        self.controller.start()
        self.url = f"smtp://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.controller:
            self.controller.stop()
            self.controller = None
