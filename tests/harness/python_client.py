"""A member that speaks Socket.IO by python-socketio: says on its standard output what it hears."""

import json
import os
import sys
import threading

import socketio

url, transports, room = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
client = socketio.Client(reconnection=False)
done = threading.Event()


def say(kind, *rest):
    print(json.dumps([kind, *rest]), flush=True)


@client.on("draw")
def draw(shape, ink):
    say("draw", shape, list(ink))
    client.emit("echoed", (shape, bytes(ink)))


@client.on("user-left")
def user_left(peer):
    say("left", peer)
    done.set()


client.connect(url, transports=transports)
answer = client.call("join-room", (room, "Guido"), timeout=10)
say("joined", answer["ok"], client.get_sid())
done.wait(20)
# disconnect() waits for the end of a poll, and under load forgets to ask for it.
os._exit(0)
