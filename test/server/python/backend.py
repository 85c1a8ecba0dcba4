"""An app's server on the official Python SDK.

Each line of its input is a command of the test, as JSON; each line of its output the answer to one. The server's
address comes from LEANCLOUD_API_SERVER, as the SDK wants it, the app from LEANCLOUD_APP_ID and its keys.
"""

import json
import os
import sys

import leancloud
from leancloud import Conversation, Message, Query, push


def shown(conversation):
    return {
        "id": conversation.id,
        "name": conversation.name,
        "members": conversation.members,
        "level": conversation.get("level"),
        "muted": conversation.muted_members,
        "unique": conversation.is_unique,
        "createdAt": conversation.created_at.isoformat(),
    }


def said(message):
    return {
        "id": message.message_id,
        "conversation": message.conversation_id,
        "from": message.from_client,
        "data": message.data,
        "timestamp": message.timestamp,
    }


def get(id):
    return Query(Conversation).get(id)


def create(name=None, members=(), unique=None):
    conversation = Conversation(name, is_unique=unique)
    for member in members:
        conversation.add_member(member)
    conversation.save()
    return shown(get(conversation.id))


def show(id):
    return shown(get(id))


def change(id, values):
    conversation = get(id)
    for key, value in values.items():
        conversation.set(key, value)
    conversation.save()
    return shown(get(id))


def raise_by(id, key, amount):
    conversation = Conversation.create_without_data(id)
    conversation.increment(key, amount)
    conversation.save()
    return shown(get(id))


def add(id, member):
    conversation = Conversation.create_without_data(id)
    conversation.add_member(member)
    conversation.save()
    return shown(get(id))


def remove(id, member):
    conversation = Conversation.create_without_data(id)
    conversation.remove("m", member)
    conversation.save()
    return shown(get(id))


def destroy(id):
    Conversation.create_without_data(id).destroy()


def query_of(conditions):
    query = Query(Conversation)
    for condition, *values in conditions:
        getattr(query, condition)(*values)
    return query


def find(conditions=()):
    return [shown(found) for found in query_of(conditions).find()]


def count(conditions=()):
    return query_of(conditions).count()


def first(conditions=()):
    return shown(query_of(conditions).first())


def send(id, sender, message, transient=False):
    Conversation.create_without_data(id).send(sender, message, transient=transient)


def history(**options):
    by = {"conversation_id": Message.find_by_conversation, "from_client": Message.find_by_client}
    ways = [way for key, way in by.items() if key in options] or [Message.find_all]
    return [said(message) for message in ways[0](**options)]


def install(token, channels):
    installation = push.Installation()
    installation.set("deviceType", "ios")
    installation.set("deviceToken", token)
    installation.set("channels", channels)
    installation.save()
    return installation.id


def installations(channel):
    query = Query("_Installation")
    query.equal_to("channels", channel)
    return [found.get("deviceToken") for found in query.find()]


def notify(alert, channel, **options):
    query = Query("_Installation")
    query.equal_to("channels", channel)
    return push.send({"alert": alert}, where=query, **options).id


COMMANDS = [create, show, change, raise_by, add, remove, destroy, find, count, first, send, history]
COMMANDS += [install, installations, notify]


def main():
    leancloud.init(
        os.environ["LEANCLOUD_APP_ID"],
        app_key=os.environ["LEANCLOUD_APP_KEY"],
        master_key=os.environ["LEANCLOUD_APP_MASTER_KEY"],
    )
    commands = {command.__name__: command for command in COMMANDS}
    for line in sys.stdin:
        asked = json.loads(line)
        answer = {"id": asked["id"]}
        try:
            answer["result"] = commands[asked["do"]](**asked["with"])
        except leancloud.LeanCloudError as error:
            answer["error"] = {"code": error.code, "message": str(error.error)}
        except Exception as error:
            answer["error"] = {"message": repr(error)}
        print(json.dumps(answer), flush=True)


main()
