using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Engine.Storage;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause.Inquiries;

public sealed class InquiryTests
{
    [Fact]
    public void WhatStartedWithinTheRangeIsHeldAgainstWhatWasBefore()
    {
        var cause = Ask(120, 180, [.. Quiet(0, 180), .. Trouble(120, 20)]);

        Assert.Equal("payments", cause.GetProperty("hypotheses")[0].GetProperty("service").GetString());
    }

    [Fact]
    public void WithoutAPastTheOnsetIsFoundWithinTheRange()
    {
        var cause = Ask(0, 180, [.. Quiet(0, 180), .. Trouble(120, 20)]);

        Assert.Equal("payments", cause.GetProperty("hypotheses")[0].GetProperty("service").GetString());
        Assert.Contains("12:02:0", cause.GetProperty("root_cause").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ARangeWithoutTroubleHasNoCause()
    {
        var cause = Ask(120, 180, [.. Quiet(0, 180), .. Trouble(200, 20)]);

        Assert.True(cause.GetProperty("abstained").GetBoolean());
    }

    private static IEnumerable<Entry> Quiet(int from, int to) => Enumerable.Range(from, to - from).SelectMany(s => (Entry[])
    [
        Some.Log(s, "web", "page served"),
        Some.Log(s, "payments", "charge accepted"),
        .. s % 30 == 0 ? [Some.Error(s, "web", "image not found")] : Array.Empty<Entry>(),
    ]);

    private static IEnumerable<Entry> Trouble(int from, int count) => Enumerable.Range(0, count).SelectMany(i => (Entry[])
    [
        Some.Error(from + i, "payments", "panic: ledger index out of range"),
        Some.Error(from + i + 1, "web", "payments answered 500"),
    ]);

    private static JsonElement Ask(double from, double to, Entry[] entries)
    {
        var range = new InquiryRange(Some.Noon.AddSeconds(from), Some.Noon.AddSeconds(to));
        var pipeline = new Pipeline(new PipelineOptions { Inquiry = range }, 1, new RootCauseRanker(RunbookLibrary.Empty));
        var player = new EventTimePlayer(pipeline, _ => { });
        var ordered = entries.OrderBy(e => e.TimestampNanos).ToArray();
        var batch = Some.Batch(1, ordered);
        player.Play(batch, ordered.Select(e => e.TimestampNanos).ToArray(), 0, batch.Count, new BatchAnnotations(batch.Count));
        var answer = Assert.Single(pipeline.Answers(), e => e.Type == EventTypes.RootCause);
        using var document = JsonDocument.Parse(answer.Json);
        return document.RootElement.Clone();
    }
}
