"""Webhooks of the channels, judged by the plugins and by kits that others wrote; and what the plugins send, beside what
the kits send for the same text.

LINE: events are built with the models of LINE's own SDK and its validator must accept the signature; what its parser reads
of the body is compared with the plugin's events. WhatsApp and Messenger: pywa's own check of the signature and its parser
stand for Meta, which publishes none. SMS: Twilio's, Vonage's and MessageBird's own checks. Every body is then sent again with
one bit changed, and must be refused by both sides.

Usage: channels.py DIRECTORY, where the command `wane` and the plugins were built.
"""

import sys

import line
import messenger
import outbound
import sms
import whatsapp
from judge import verdict

for channel in (line, whatsapp, messenger, sms, outbound):
    channel.run()
sys.exit(verdict(least=150))
