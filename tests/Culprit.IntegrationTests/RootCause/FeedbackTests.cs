using System.Text;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.RootCause.Learning;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.IntegrationTests.RootCause;

public class FeedbackTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AConfirmedCauseIsToldInTheReportOfTheNextIncidentLikeIt()
    {
        await using var face = await HttpFace.StartAsync();
        Put(face, "i1", "Query 17 failed: pool of orders-db exhausted", 0);
        Put(face, "i2", "Query 99 failed: pool of orders-db exhausted", 3600);
        Put(face, "i3", "certificate of the mail relay expired", 7200);

        var before = await face.GetAsync("/incidents/i2/report");
        var given = await SendAsync(face, "i1", """{"verdict":"correct","service":"orders-db","name":"pool too small","runbook":"db.md","note":"as in March"}""");

        Assert.Equal((201, "orders-db"), (given.Status, (string?)given.Json["service"]));
        Assert.Null(before.Json["known_cause"]);
        var known = (await face.GetAsync("/incidents/i2/report")).Json["known_cause"]!;
        Assert.Equal("seen once, last on 2026-11-23: orders-db (pool too small); runbook db.md", (string?)known["text"]);
        Assert.Equal((1, "orders-db", "db.md"), ((int)known["times"]!, (string?)known["service"], (string?)known["runbook"]));
        Assert.Contains("**Known:** seen once, last on", (await face.GetAsync("/incidents/i2/report?format=md")).Text, StringComparison.Ordinal);
        Assert.Null((await face.GetAsync("/incidents/i1/report")).Json["known_cause"]);
        Assert.Null((await face.GetAsync("/incidents/i3/report")).Json["known_cause"]);
        Assert.Single((await face.GetAsync("/incidents/i1/feedback")).Json["feedback"]!.AsArray());
    }

    [Fact]
    public async Task AcceptingTakesTheBlamedService()
    {
        await using var face = await HttpFace.StartAsync();
        Put(face, "i1", "Query 17 failed", 0);

        var given = await SendAsync(face, "i1", """{"verdict":"accept"}""");

        Assert.Equal("user-service", (string?)given.Json["service"]);
    }

    [Theory]
    [InlineData("i1", "{", 400, "bad_json")]
    [InlineData("i1", "[]", 400, "bad_feedback")]
    [InlineData("i1", """{"verdict":"maybe"}""", 400, "bad_parameter")]
    [InlineData("i1", """{"verdict":"correct"}""", 400, "bad_parameter")]
    [InlineData("i1", """{"verdict":"accept","note":7}""", 400, "bad_parameter")]
    [InlineData("absent", """{"verdict":"accept"}""", 404, "not_found")]
    public async Task WhatCannotBeTakenIsRefusedByName(string incident, string body, int status, string code)
    {
        await using var face = await HttpFace.StartAsync();
        Put(face, "i1", "Query 17 failed", 0);

        var answer = await SendAsync(face, incident, body);

        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("accept", true)]
    [InlineData("reject", false)]
    public async Task AnAlertGoesOutWhateverWasSaidAndARemarkOnlyAddsToIt(string verdict, bool isRemarked)
    {
        var store = new InMemoryFeedbackStore();
        await store.AddAsync(Word("i1", FeedbackWords.TryParse(verdict)!.Value), Token);
        using var book = new KnownCauseBook(store);
        var sink = new KeepingSink();
        var item = new OutboxItem("a1", "keep", "i2", Encoding.UTF8.GetBytes("""
            {"id":"a1","type":"alert.firing","incident_id":"i2","environment":"prod","severity":"high","anomaly_type":"error_spike","services":["web"],"sample_messages":["Query 4 failed"],"root_cause":"web failed","runbook":null}
            """), 0);

        var result = await new RememberingSink(sink, book, NullLogger<RememberingSink>.Instance).DeliverAsync(item, Token);

        Assert.Equal(DeliveryOutcome.Delivered, result.Outcome);
        using var sent = JsonDocument.Parse(Assert.Single(sink.Taken).Json);
        Assert.Equal("web failed", sent.RootElement.GetProperty("root_cause").GetString());
        Assert.Equal(isRemarked, sent.RootElement.TryGetProperty("known_cause", out var known));
        Assert.True(!isRemarked || known.GetString() == "seen once, last on 2026-03-01: orders-db; runbook db.md");
        Assert.Equal(isRemarked ? "db.md" : null, sent.RootElement.GetProperty("runbook").GetString());
    }

    [Fact]
    public async Task AnAlertGoesOutWhenTheFeedbackCannotBeRead()
    {
        using var book = new KnownCauseBook(new BrokenStore());
        var sink = new KeepingSink();
        var item = new OutboxItem("a1", "keep", "i2", """{"id":"a1","type":"alert.firing","incident_id":"i2","services":["web"]}"""u8.ToArray(), 0);

        await new RememberingSink(sink, book, NullLogger<RememberingSink>.Instance).DeliverAsync(item, Token);

        Assert.Equal(item, Assert.Single(sink.Taken));
    }

    [Fact]
    public async Task FeedbackByCommandOutlivesAKill()
    {
        using var folder = new TempFolder();
        string incident;
        await using (var server = await ServerProcess.StartAsync(folder.Path, Token))
        {
            for (var i = 0; i < 6; i++)
            {
                await server.PostAsync($$"""{"service":"web","environment":"prod","level":"error","message":"Query {{i}} failed"}""", "application/json", Token);
            }

            var cause = (await server.WaitForEventsAsync("type=log.root_cause", e => e.Count > 0, Token))[0];
            incident = cause.GetProperty("incident_id").GetString()!;
            var run = await CommandRun.ExecuteAsync(null,
                ["incident", incident, "--correct", "orders-db", "--name", "pool too small", "--url", server.Http.BaseAddress!.ToString()], Token);
            var both = await CommandRun.ExecuteAsync(null, ["incident", incident, "--accept", "--reject", "--url", server.Http.BaseAddress!.ToString()], Token);

            Assert.Equal((0, "Noted: orders-db is the cause. The like of it will be recognised."), (run.ExitCode, run.Output.Trim()));
            Assert.Equal(2, both.ExitCode);
            await server.KillAsync();
        }

        await using var again = await ServerProcess.StartAsync(folder.Path, Token);
        var feedback = (await again.GetAsync($"/incidents/{incident}/feedback", Token)).GetProperty("feedback");

        Assert.Equal("pool too small", Assert.Single(feedback.EnumerateArray()).GetProperty("name").GetString());
    }

    private static Task<Answer> SendAsync(HttpFace face, string incident, string body) => face.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, $"/incidents/{incident}/feedback") { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    private static void Put(HttpFace face, string incident, string message, double at)
    {
        var time = HttpFace.Now.AddSeconds(at).ToString("O");
        List<DerivedEvent> events =
        [
            HttpFace.Derived(incident + "-a", "log.anomaly", at, incident, null,
                $$""","timestamp":"{{time}}","detector":"error-spike","environment":"prod","anomaly_type":"error_spike","services":["user-service"],"started_at":"{{time}}","observed":"x","expected":"y","sample_messages":["{{message}}"],"error_ids":[]"""),
            HttpFace.Derived(incident + "-o", "incident.opened", at, incident, null,
                $$""","timestamp":"{{time}}","incident_id":"{{incident}}","environment":"prod","state":"open","severity":"high","anomaly_type":"error_spike","started_at":"{{time}}","detected_at":"{{time}}","last_seen_at":"{{time}}","error_count":5,"services":["user-service"]"""),
            HttpFace.Derived(incident + "-r", "log.root_cause", at, incident, null,
                $$""","timestamp":"{{time}}","root_cause":"user-service failed","confidence":0.7,"abstained":false,"recommended_action":"look","hypotheses":[{"service":"user-service","confidence":0.7,"change_id":null,"for":[],"against":[]}],"ruled_out":[]"""),
        ];
        events.ForEach(face.State.Add);
    }

    private static Feedback Word(string incident, FeedbackVerdict verdict) => new()
    {
        IncidentId = incident,
        Verdict = verdict,
        Service = "orders-db",
        Runbook = "db.md",
        Signature = IncidentSignature.Of("prod", "error_spike", ["web"], ["Query 1 failed"]),
        IncidentAt = new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero),
        At = new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero),
    };

    private sealed class KeepingSink : IAlertSink
    {
        public string Name => "keep";

        public List<OutboxItem> Taken { get; } = [];

        public Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
        {
            Taken.Add(alert);
            return Task.FromResult(new DeliveryResult(DeliveryOutcome.Delivered));
        }
    }

    private sealed class BrokenStore : IFeedbackStore
    {
        public Task AddAsync(Feedback feedback, CancellationToken cancellationToken) => throw new IOException("broken");

        public Task<IReadOnlyList<Feedback>> AllAsync(CancellationToken cancellationToken) => throw new IOException("broken");
    }
}
