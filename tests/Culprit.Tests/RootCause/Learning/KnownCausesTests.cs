using Culprit.Engine.RootCause.Learning;
using Xunit;

namespace Culprit.Tests.RootCause.Learning;

public sealed class KnownCausesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private static readonly IncidentSignature Refused = Looks("web", "connection to orders-db refused after 30 ms");

    [Fact]
    public void TheLikeOfConfirmedIncidentsIsRecognisedWithCountDateAndRunbook()
    {
        var causes = new KnownCauses(
        [
            Word("i1", FeedbackVerdict.Accept, "orders-db", day: 1),
            Word("i2", FeedbackVerdict.Correct, "orders-db", day: 3) with { Name = "pool too small", Runbook = "db.md" },
            Word("i3", FeedbackVerdict.Accept, "orders-db", day: 2),
        ]);

        var known = causes.Match(Looks("web", "connection to orders-db refused after 4711 ms"), "i4");

        Assert.Equal("seen 3 times, last on 2026-03-03: orders-db (pool too small); runbook db.md", known?.ToString());
    }

    [Theory]
    [InlineData("web", "disk full while writing journal", "prod")]
    [InlineData("billing", "connection to orders-db refused after 30 ms", "prod")]
    [InlineData("web", "connection to orders-db refused after 30 ms", "test")]
    public void WhatLooksDifferentIsNotRecognised(string service, string message, string environment)
    {
        var causes = new KnownCauses([Word("i1", FeedbackVerdict.Accept, "orders-db", 1)]);

        Assert.Null(causes.Match(IncidentSignature.Of(environment, "error_spike", [service], [message]), "i2"));
    }

    [Fact]
    public void AnIncidentIsNotItsOwnPrecedent()
    {
        var causes = new KnownCauses([Word("i1", FeedbackVerdict.Accept, "orders-db", 1)]);

        Assert.Null(causes.Match(Refused, "i1"));
    }

    [Fact]
    public void TheLastWordAboutAnIncidentCounts()
    {
        var causes = new KnownCauses([Word("i1", FeedbackVerdict.Accept, "web", 1), Word("i1", FeedbackVerdict.Correct, "orders-db", 1)]);
        var withdrawn = new KnownCauses([Word("i1", FeedbackVerdict.Accept, "web", 1), Word("i1", FeedbackVerdict.Reject, "web", 1)]);

        Assert.Equal(("orders-db", 1), (causes.Match(Refused, "i2")?.Service, causes.Match(Refused, "i2")?.Times));
        Assert.Null(withdrawn.Match(Refused, "i2"));
    }

    [Fact]
    public void ACauseThatIsRejectedAsOftenAsConfirmedIsKnownNoMore()
    {
        List<Feedback> words = [Word("i1", FeedbackVerdict.Accept, "orders-db", 1), Word("i2", FeedbackVerdict.Reject, "orders-db", 2)];

        Assert.Null(new KnownCauses(words).Match(Refused, "i9"));
        words.Add(Word("i3", FeedbackVerdict.Accept, "orders-db", 3));
        Assert.Equal(2, new KnownCauses(words).Match(Refused, "i9")?.Times);
    }

    [Fact]
    public void WithoutMessagesTypeAndServicesTell()
    {
        var silence = IncidentSignature.Of("prod", "unknown", ["web"], []);

        Assert.True(silence.Matches(IncidentSignature.Of("prod", "unknown", ["web", "api"], [])));
        Assert.False(silence.Matches(IncidentSignature.Of("prod", "memory_leak", ["web"], [])));
        Assert.False(silence.Matches(Refused));
    }

    private static IncidentSignature Looks(string service, string message) => IncidentSignature.Of("prod", "error_spike", [service], [message]);

    private static Feedback Word(string incident, FeedbackVerdict verdict, string service, int day) => new()
    {
        IncidentId = incident,
        Verdict = verdict,
        Service = service,
        Signature = Refused,
        IncidentAt = new DateTimeOffset(2026, 3, day, 8, 0, 0, TimeSpan.Zero),
        At = Now.AddDays(day),
    };
}
