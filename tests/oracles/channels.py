"""Webhooks of the channels, judged by the plugins and by kits that others wrote; and what the plugins send, beside what
the kits send for the same text.

LINE: events are built with the models of LINE's own SDK and its validator must accept the signature; what its parser reads
of the body is compared with the plugin's events. WhatsApp and Messenger: pywa's own check of the signature and its parser
stand for Meta, which publishes none; what is sent to Messenger is known to Meta's own SDK for its Graph API. SMS: Twilio's,
Vonage's and MessageBird's own checks. Apple: PyJWT. Every body (of Apple: every token) is then sent again with a small change,
and must be judged alike by both sides.

Usage: channels.py DIRECTORY, where the command `wane` and the plugins were built.
"""

import sys

import apple
import line
import messenger
import outbound
import sms
import whatsapp
from judge import verdict

for channel in (line, whatsapp, messenger, sms, apple, outbound):
    channel.run()
sys.exit(verdict(least=200))
