"""An app's hooks on the official Python engine, as its developers write them. Prints its port once it listens."""

import json
from wsgiref.simple_server import WSGIRequestHandler, make_server

import leancloud
from leancloud.engine import Engine
from leancloud.engine import authorization

engine = Engine(fetch_user=False)


@engine.define
def _messageReceived(fromPeer, convId, toPeers, content, **others):
    words = json.loads(content).get("_lctext")
    if words == "come to my casino":
        return {"drop": True, "code": 7, "detail": "no advertising"}
    if words == "rude":
        return {"content": json.dumps({"_lctype": -1, "_lctext": "polite"})}
    if words == "what do you see?":
        seen = {"fromPeer": fromPeer, "convId": convId, "toPeers": toPeers, "others": sorted(others)}
        return {"content": json.dumps({"_lctype": -1, "_lctext": json.dumps(seen)})}
    if words == "crash":
        raise TypeError("a bug")
    return {}


@engine.define
def _conversationStart(initBy, members, attr, **others):
    if attr.get("name") == "forbidden":
        return {"reject": True, "code": 9, "detail": "not for " + initBy}
    return {}


@engine.define
def _messageSent(content, onlinePeers, **others):
    print("sent", json.dumps({"content": content, "onlinePeers": onlinePeers}), flush=True)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


leancloud.init(authorization.APP_ID, app_key=authorization.APP_KEY, master_key=authorization.MASTER_KEY)
server = make_server("127.0.0.1", 0, engine, handler_class=Quiet)
print("listening", server.server_port, flush=True)
server.serve_forever()
