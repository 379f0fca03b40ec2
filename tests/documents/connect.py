"""Connects as an entry of a client's configuration says, and prints the names of the tools."""

import asyncio
import json
import os
import sys

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


async def names(transport: object) -> str:
    async with Client(transport) as client:
        return " ".join(tool.name for tool in (await client.list_tools()).tools)


async def main(server: dict) -> None:
    if "url" in server:
        async with httpx2.AsyncClient(headers=server["headers"], timeout=60) as http:
            print(await names(streamable_http_client(server["url"], http_client=http)))
        return
    # Clients hand on where the home is; the SDK hands on no more than it must.
    environment = {"HOME": os.environ["HOME"]} | server.get("env", {})
    print(await names(StdioServerParameters(command=server["command"], args=server.get("args", []), env=environment)))


asyncio.run(main(json.loads(sys.argv[1])))
