using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class PatternsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CountsOfIdsThatBecameOneAddUp()
    {
        await using var face = await HttpFace.StartAsync();
        await face.PostAsync(
            """
            [{"message":"took 5 ms","service":"api","level":"error","timestamp":"2026-11-23T04:30:10Z"},
             {"message":"took 6 ms","service":"web","level":"info","timestamp":"2026-11-23T04:30:50Z"},
             {"message":"other","service":"web","level":"info","timestamp":"2026-11-23T04:31:00Z"},
             {"message":"not seen yet","service":"web","level":"info","timestamp":"2026-11-23T04:40:00Z"}]
            """);
        var annotations = new BatchAnnotations(4);
        (annotations.Patterns[0], annotations.Patterns[1], annotations.Patterns[2]) = (new PatternId(1), new PatternId(2), new PatternId(3));
        face.Records.Annotate(1, annotations);
        face.State.Add(new NamedAlias(new PatternId(1), new PatternId(2), "took <*>"));

        var all = (await face.GetAsync("/patterns")).Json;
        var newest = (await face.GetAsync("/patterns?sort=last_seen&limit=1")).Json;
        var bad = await face.GetAsync("/patterns?sort=name");
        var events = (await face.GetAsync("/events?pattern=0000000000000001")).Json;
        var counts = (await face.GetAsync("/events/counts?by=pattern&interval=1h")).Json;

        var first = all["patterns"]![0]!;
        Assert.Equal(("0000000000000002", "took <*>", 2, 0.5), ((string?)first["id"], (string?)first["text"], (int)first["count"]!, (double)first["share"]!));
        Assert.Equal("2026-11-23T04:30:10.000Z", (string?)first["first_seen"]);
        Assert.Equal("2026-11-23T04:30:50.000Z", (string?)first["last_seen"]);
        Assert.Equal("""{"info":1,"error":1}""", first["levels"]!.ToJsonString());
        Assert.Equal("took 6 ms", (string?)first["sample"]!["message"]);
        Assert.Equal("other", (string?)all["patterns"]![1]!["text"]);
        Assert.Equal((4, 4, 0, 1), Sums(all));
        Assert.Equal("0000000000000003", (string?)Assert.Single(newest["patterns"]!.AsArray())!["id"]);
        Assert.Equal((4, 4, 2, 1), Sums(newest));
        Assert.Equal(400, bad.Status);
        Assert.Equal(2, events["events"]!.AsArray().Count);
        Assert.Equal([1, 2, 1], counts["counts"]!.AsArray().Select(c => (int)c!["count"]!));
    }

    [Fact]
    public async Task RecordsOfOneEventIdShowWhatDiffersAsVariable()
    {
        await using var face = await HttpFace.StartAsync();
        await face.PostAsync(
            """
            [{"message":"Hello, ann of the sea","@i":"7a8b9c0d","service":"api","timestamp":"2026-11-23T04:30:10Z"},
             {"message":"Hello, bob of the sea","@i":"7a8b9c0d","service":"api","timestamp":"2026-11-23T04:30:11Z"}]
            """);
        var annotations = new BatchAnnotations(2);
        (annotations.Patterns[0], annotations.Patterns[1]) = (new PatternId(5), new PatternId(5));
        face.Records.Annotate(1, annotations);

        var answer = (await face.GetAsync("/patterns")).Json;

        Assert.Equal("Hello, <*> of the sea", (string?)Assert.Single(answer["patterns"]!.AsArray())!["text"]);
    }

    // 1,200 records of 40 patterns, several with one count or one last time; the newest thousand do not have all patterns.
    [Theory]
    [InlineData("count")]
    [InlineData("last_seen")]
    public async Task PagesHaveEveryPatternOnceInOrderThoughRecordsArriveMeanwhile(string sort)
    {
        await using var face = await HttpFace.StartAsync();
        var random = new Random(7);
        var patterns = Enumerable.Range(0, 1200).Select(i => i < 40 ? (ulong)i + 1 : (ulong)random.Next(1, 31)).ToArray();
        await PostAsync(face, 1, patterns, i => $"2026-11-23T04:{i / 60:00}:{i / 10 % 6:00}Z");

        var ids = new List<string>();
        string? cursor = null;
        for (var pages = 0; pages == 0 || cursor is not null; pages++)
        {
            var answer = (await face.GetAsync($"/patterns?to=2026-11-23T04:30:00Z&limit=7&sort={sort}" + (cursor is null ? "" : "&cursor=" + cursor))).Json;
            ids.AddRange(answer["patterns"]!.AsArray().Select(p => (string)p!["id"]!));
            Assert.Equal((1200, 1200), (Sums(answer).Count, Sums(answer).Parts));
            Assert.InRange(pages, 0, 6);
            cursor = (string?)answer["next_cursor"];

            // Behind the time of the pages.
            await PostAsync(face, 1201 + (3 * pages), [50, 3, 40], _ => "2026-11-23T04:40:00Z");
        }

        var whole = (await face.GetAsync($"/patterns?to=2026-11-23T04:30:00Z&limit=1000&sort={sort}")).Json;
        Assert.Equal(whole["patterns"]!.AsArray().Select(p => (string)p!["id"]!), ids);
        Assert.Equal(40, ids.Distinct().Count());
        Assert.Null((string?)whole["next_cursor"]);
    }

    [Fact]
    public async Task TheLastHourStaysTheSameHourOnEveryPage()
    {
        await using var face = await HttpFace.StartAsync();
        await PostAsync(face, 1, [1, 2, 3], i => $"2026-11-23T04:3{i}:00Z");

        var one = (await face.GetAsync("/patterns?limit=2")).Json;
        face.Clock.Advance(TimeSpan.FromHours(5));
        var two = (await face.GetAsync("/patterns?limit=2&cursor=" + one["next_cursor"])).Json;

        Assert.Equal(((string?)one["from"], (string?)one["to"]), ((string?)two["from"], (string?)two["to"]));
        Assert.Single(two["patterns"]!.AsArray());
        Assert.Null((string?)two["next_cursor"]);
    }

    [Fact]
    public async Task ACursorIsRefusedThatIsBrokenOrOfAnotherQuestion()
    {
        await using var face = await HttpFace.StartAsync();
        await PostAsync(face, 1, [1, 2, 3], i => $"2026-11-23T04:3{i}:00Z");
        var cursor = (string)(await face.GetAsync("/patterns?limit=1")).Json["next_cursor"]!;

        Assert.Equal(200, (await face.GetAsync("/patterns?limit=2&cursor=" + cursor)).Status);
        foreach (var query in (string[])["service=api&cursor=" + cursor, "sort=last_seen&cursor=" + cursor, "cursor=", "cursor=" + cursor[..^1], "cursor=B" + cursor[1..]])
        {
            Assert.Equal(400, (await face.GetAsync("/patterns?limit=1&" + query)).Status);
        }
    }

    private static async Task PostAsync(HttpFace face, long firstSequence, ulong[] patterns, Func<int, string> time)
    {
        await face.PostAsync($"[{string.Join(',', patterns.Select((p, i) => $$"""{"message":"pattern {{p}}","service":"api","timestamp":"{{time(i)}}"}"""))}]");
        var annotations = new BatchAnnotations(patterns.Length);
        for (var i = 0; i < patterns.Length; i++)
        {
            annotations.Patterns[i] = new PatternId(patterns[i]);
        }

        face.Records.Annotate(firstSequence, annotations);
    }

    [Fact]
    public async Task AMergedPatternIsFoundUnderAnyOfItsIdsAlsoAfterAKill()
    {
        using var folder = new TempFolder();
        string old, current;
        await using (var server = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await server.PostAsync(Line("anna"), "application/json", Token);
            var seen = await server.WaitForEventsAsync("type=log.entry", e => e.Count == 1 && PatternOf(e[0]) is not null, Token);
            old = PatternOf(seen[0])!;
            foreach (var user in (string[])["bert", "carla", "dora", "emil", "frida", "gustav", "hanna"])
            {
                await server.PostAsync(Line(user), "application/json", Token);
            }

            await server.WaitForEventsAsync("type=log.entry&pattern=" + old, e => e.Count == 8, Token);
            current = await CheckAsync(server, old);
            await server.KillAsync();
        }

        Assert.NotEqual(old, current);
        await using var again = await ServerProcess.StartAsync(folder.Path, Token);
        await again.WaitForEventsAsync("pattern=" + old, e => e.Count == 8, Token);
        Assert.Equal(current, await CheckAsync(again, old));
    }

    private static async Task<string> CheckAsync(ServerProcess server, string old)
    {
        var answer = await server.GetAsync("/patterns?service=shop", Token);
        var pattern = Assert.Single(answer.GetProperty("patterns").EnumerateArray());
        Assert.Equal((8, 8), (pattern.GetProperty("count").GetInt64(), answer.GetProperty("count").GetInt64()));
        Assert.Equal("session of user <*> was opened", pattern.GetProperty("text").GetString());
        var current = pattern.GetProperty("id").GetString()!;
        foreach (var id in (string[])[old, current])
        {
            Assert.Equal(8, (await server.GetAsync($"/events?pattern={id}", Token)).GetProperty("events").GetArrayLength());
            Assert.Equal(8, (await server.GetAsync($"/events/counts?pattern={id}", Token)).GetProperty("count").GetInt64());
        }

        return current;
    }

    private static string Line(string user) => $$"""{"service":"shop","message":"session of user {{user}} was opened"}""";

    private static string? PatternOf(JsonElement entry) =>
        entry.TryGetProperty("pattern_id", out var id) ? id.GetString() : null;

    /// <summary>The answer's count, what its parts add up to, others, unassigned.</summary>
    private static (int Count, int Parts, int Others, int Unassigned) Sums(JsonNode answer)
    {
        var (others, unassigned) = ((int)answer["others"]!["count"]!, (int)answer["unassigned"]!["count"]!);
        return ((int)answer["count"]!, answer["patterns"]!.AsArray().Sum(p => (int)p!["count"]!) + others + unassigned, others, unassigned);
    }
}
