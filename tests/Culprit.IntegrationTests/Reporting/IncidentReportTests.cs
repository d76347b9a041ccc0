using System.Net;
using System.Text;
using Culprit.Engine;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Reporting;

public class IncidentReportTests
{
    private const string Hostile = "Query failed: <script>alert(1)</script> [pay](http://evil.example) `x`";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnIncidentIsWrittenUpWithCauseLinesAndChangesInThreeFormats()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        await server.PostAsync("""{"type":"change","kind":"deploy","sha":"c0ffee","service":"user-service","environment":"production","message":"deploy 2.4.1"}""", "application/json", Token);
        for (var i = 0; i < 6; i++)
        {
            await server.PostAsync(
                $$"""{"service":"user-service","environment":"production","level":"error","message":"{{Hostile}} {{i}}"}""", "application/json", Token);
        }

        var cause = (await server.WaitForEventsAsync("type=log.root_cause", e => e.Count > 0, Token))[0];
        var path = $"/incidents/{cause.GetProperty("incident_id").GetString()}/report";
        var json = await server.GetAsync(path, Token);
        var markdown = await server.Http.GetStringAsync(new Uri(path + "?format=md", UriKind.Relative), Token);
        var html = await server.Http.GetStringAsync(new Uri(path + "?format=html", UriKind.Relative), Token);

        var command = await CommandRun.ExecuteAsync(null, ["incident", cause.GetProperty("incident_id").GetString()!, "--url", server.Http.BaseAddress!.ToString()], Token);
        var unknown = await CommandRun.ExecuteAsync(null, ["incident", "none", "--url", server.Http.BaseAddress!.ToString()], Token);

        Assert.Equal(0, command.ExitCode);
        Assert.StartsWith(markdown.Split('\n')[0], command.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, unknown.ExitCode);
        Assert.Contains("There is no incident", unknown.Errors, StringComparison.Ordinal);
        Assert.NotEmpty(json.GetProperty("timeline").EnumerateArray());
        Assert.Contains(json.GetProperty("records").EnumerateArray(), r => r.GetProperty("message").GetString()!.StartsWith("Query failed", StringComparison.Ordinal));
        Assert.Equal("c0ffee", Assert.Single(json.GetProperty("changes").EnumerateArray()).GetProperty("change_id").GetString());
        Assert.Contains("## Cause", markdown, StringComparison.Ordinal);
        Assert.Contains("## Timeline", markdown, StringComparison.Ordinal);
        Assert.Contains("c0ffee", markdown, StringComparison.Ordinal);
        Assert.Contains("Query failed", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<a ", html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ARestartThatOnlyTheLogsTellOfIsAmongTheChanges()
    {
        await using var face = await HttpFace.StartAsync();
        var events = Replay(
        [
            .. Enumerable.Range(0, 90).Select(i => (i * 10, Severity.Info, "invoice written")),
            (900, Severity.Info, "Application is shutting down..."),
            (905, Severity.Info, "Now listening on: http://[::]:8080"),
            .. Enumerable.Range(0, 8).Select(i => (930 + i, Severity.Error, "invoice failed: currency table is empty")),
        ]);
        events.ForEach(face.State.Add);

        var report = await face.GetAsync($"/incidents/{events[0].CorrelationId}/report");

        var change = Assert.Single(report.Json["changes"]!.AsArray())!;
        Assert.Equal("restart, seen in logs", (string?)change["kind"]);
        Assert.Equal("billing", (string?)change["service"]);
        Assert.StartsWith("blamed (", (string?)change["verdict"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/incidents/none/report", HttpStatusCode.NotFound)]
    [InlineData("/incidents/none/report?format=pdf", HttpStatusCode.BadRequest)]
    public async Task WhatCannotBeWrittenUpIsSaidSo(string path, HttpStatusCode expected)
    {
        await using var face = await HttpFace.StartAsync();

        var answer = await face.GetAsync(path);

        Assert.Equal((int)expected, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
    }

    /// <summary>What the engine says of one service's lines, with a tick every ten seconds.</summary>
    private static List<DerivedEvent> Replay(IReadOnlyList<(int Second, Severity Severity, string Message)> lines)
    {
        var pipeline = new Pipeline(new PipelineOptions(), 42, new RootCauseRanker(RunbookLibrary.Empty));
        var events = new List<DerivedEvent>();
        var sequence = 1L;
        foreach (var lot in lines.GroupBy(l => l.Second / 10))
        {
            var writer = new RecordBatchWriter();
            foreach (var (second, severity, message) in lot)
            {
                writer.Begin();
                writer.Set(LogRecord.ServiceField, "billing"u8);
                writer.Set(LogRecord.EnvironmentField, "production"u8);
                writer.Set(LogRecord.BodyField, Encoding.UTF8.GetBytes(message));
                writer.Commit(UnixNanos.From(HttpFace.Now.AddSeconds(second)), EventKind.Log, severity, RecordFlags.None);
            }

            events.AddRange(pipeline.Process(writer.ToBatch(UnixNanos.From(HttpFace.Now.AddSeconds(lot.Key * 10)), sequence), new BatchAnnotations(lot.Count())));
            events.AddRange(pipeline.Tick(UnixNanos.From(HttpFace.Now.AddSeconds((lot.Key * 10) + 10))));
            sequence += lot.Count();
        }

        // Detectors wait for what may still come.
        events.AddRange(pipeline.Tick(UnixNanos.From(HttpFace.Now.AddSeconds(lines[^1].Second + 20))));
        return [.. events.Where(e => e.Type != EventTypes.Summary)];
    }
}
