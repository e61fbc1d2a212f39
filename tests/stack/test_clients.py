"""Programs in other languages ask the API with what their language brings, as it comes."""

import json
import shutil

import pytest
from conftest import leave_out
from running import FLIGHT, run

TIMES = 5

JAVA = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;

public class Ask {
    public static void main(String[] words) throws Exception {
        var client = HttpClient.newHttpClient();
        var request = HttpRequest.newBuilder(URI.create(words[0]))
            .header("Authorization", "Bearer " + words[1])
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofFile(Path.of(words[2])))
            .build();
        for (int i = 0; i < TIMES; i++) {
            var reply = client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(reply.statusCode() + " " + reply.body());
        }
    }
}
"""

GO = """
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	body, _ := os.ReadFile(os.Args[3])
	for i := 0; i < TIMES; i++ {
		request, _ := http.NewRequest("POST", os.Args[1], bytes.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+os.Args[2])
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Expect", "100-continue")
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			panic(err)
		}
		text, _ := io.ReadAll(reply.Body)
		fmt.Println(reply.StatusCode, string(text))
	}
}
"""

NODE = """
const [url, key, file] = process.argv.slice(2);
const body = require("fs").readFileSync(file);
const headers = {Authorization: `Bearer ${key}`, "Content-Type": "application/json"};
(async () => {
  for (let i = 0; i < TIMES; i++) {
    const reply = await fetch(url, {method: "POST", headers, body});
    console.log(reply.status, await reply.text());
  }
})();
"""

CURL = """
for i in $(seq TIMES); do
    curl --silent --show-error --http2 --header "Authorization: Bearer $2" \\
        --header "Content-Type: application/json" --data-binary @"$3" \\
        --output answer --write-out '%{http_code} ' "$1" && cat answer && echo
done
"""

CLIENTS = {
    "java": ("Ask.java", JAVA, ["java"]),
    "go": ("ask.go", GO, ["go", "run"]),
    "node": ("ask.js", NODE, ["node"]),
    "curl": ("ask.sh", CURL, ["sh"]),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("questions", [1, 200])
def test_a_client_as_it_comes_is_answered(stack, card, tmp_path, client, questions):
    assert card
    name, program, command = CLIENTS[client]
    if shutil.which(client) is None:
        leave_out(f"{client} is not installed, so its HTTP client was not tried.")
    (tmp_path / name).write_text(program.replace("TIMES", str(TIMES)))
    (tmp_path / "body.json").write_text(json.dumps({"questions": [FLIGHT] * questions}))
    url = f"{stack.url}/v1/predict/batch"
    done = run(*command, name, url, stack.settings["API_KEY"], "body.json", cwd=tmp_path)
    lines = [line.split(" ", 1) for line in done.stdout.splitlines() if line.strip()]
    assert [status for status, _ in lines] == ["200"] * TIMES, done.stdout[-2000:]
    assert {len(json.loads(answer)["predictions"]) for _, answer in lines} == {questions}
