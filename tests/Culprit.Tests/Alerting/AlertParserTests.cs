using System.Text;
using System.Text.Json.Nodes;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertParserTests
{
    [Fact]
    public void EveryFieldOfTheEventIsRead()
    {
        var isAlert = AlertParser.TryParse(SomeAlert.Utf8(SomeAlert.Event()), out var alert, out _);

        Assert.True(isAlert);
        Assert.Equal("a1", alert!.Id);
        Assert.Equal(AlertKind.Firing, alert.Kind);
        Assert.Equal("i1", alert.IncidentId);
        Assert.Equal(IncidentSeverity.High, alert.Severity);
        Assert.Equal("prod", alert.Environment);
        Assert.Equal("error_spike", alert.AnomalyType);
        Assert.Equal(["a", "b"], alert.Services);
        Assert.Equal(new DateTimeOffset(2026, 5, 4, 10, 20, 30, 500, TimeSpan.Zero), alert.StartedAt);
        Assert.Null(alert.ResolvedAt);
        Assert.Equal("2", alert.Expected);
        Assert.Equal("9", alert.Observed);
        Assert.Equal(9, alert.ErrorCount);
        Assert.Equal(["m1", "m2"], alert.SampleMessages);
        Assert.Equal([new AlertLine(alert.StartedAt!.Value, "a", "error", "m1")], alert.Lines);
        Assert.Equal("m0", Assert.Single(alert.LinesBefore).Text);
        Assert.Equal("a", alert.Suspect);
        Assert.Equal("a failed", alert.RootCause);
        Assert.Equal(0.75, alert.Confidence);
        Assert.Equal("restart a", alert.RecommendedAction);
        Assert.Equal("a.md", alert.Runbook);
    }

    [Theory]
    [InlineData("alert.firing", "Firing")]
    [InlineData("alert.updated", "Updated")]
    [InlineData("alert.acknowledged", "Acknowledged")]
    [InlineData("alert.resolved", "Resolved")]
    public void TheTypeSaysTheKind(string type, string kind)
    {
        _ = AlertParser.TryParse(SomeAlert.Utf8(SomeAlert.Event(type)), out var alert, out _);

        Assert.Equal(kind, alert?.Kind.ToString());
    }

    [Fact]
    public void AnIdAndATypeAreEnoughAndUnknownSeverityIsCritical()
    {
        var isAlert = AlertParser.TryParse("""{"id":"a1","type":"alert.resolved"}"""u8.ToArray(), out var alert, out _);

        Assert.True(isAlert);
        Assert.Equal("a1", alert!.IncidentId);
        Assert.Equal(IncidentSeverity.Critical, alert.Severity);
        Assert.Empty(alert.Services);
        Assert.Empty(alert.SampleMessages);
        Assert.Null(alert.StartedAt);
        Assert.Null(alert.Confidence);
    }

    [Fact]
    public void FieldsOfAWrongTypeAreAsIfMissing()
    {
        var json = SomeAlert.Event();
        foreach (var name in json.Select(p => p.Key).Where(k => k is not ("id" or "type")).ToList())
        {
            json[name] = name is "error_count" or "confidence" ? "many" : 7;
        }

        json["services"] = new JsonArray(1, "a", null);

        var isAlert = AlertParser.TryParse(SomeAlert.Utf8(json), out var alert, out _);

        Assert.True(isAlert);
        Assert.Equal(["a"], alert!.Services);
        Assert.Null(alert.ErrorCount);
        Assert.Null(alert.Confidence);
        Assert.Null(alert.RootCause);
        Assert.Equal("", alert.Environment);
    }

    [Fact]
    public void ARunbookMayBeAnObjectWithAPath()
    {
        var json = SomeAlert.Event();
        json["runbook"] = new JsonObject { ["path"] = "b.md", ["title"] = "B" };

        _ = AlertParser.TryParse(SomeAlert.Utf8(json), out var alert, out _);

        Assert.Equal("b.md", alert?.Runbook);
    }

    [Fact]
    public void TextThatIsNoUnicodeIsShownAsItWasWritten()
    {
        var json = Encoding.UTF8.GetBytes("""{"id":"a1","type":"alert.firing","observed":"x \ud800 y"}""");

        _ = AlertParser.TryParse(json, out var alert, out _);

        Assert.Equal("x \\ud800 y", alert?.Observed);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"type":"alert.firing"}""", "no id")]
    [InlineData("""{"id":"","type":"alert.firing"}""", "no id")]
    [InlineData("""{"id":"a"}""", "no type")]
    [InlineData("""{"id":"a","type":"log.anomaly"}""", "not one of an alert")]
    public void WhatIsNoAlertIsAValueNotAnException(string json, string mistake)
    {
        var isAlert = AlertParser.TryParse(Encoding.UTF8.GetBytes(json), out var alert, out var said);

        Assert.False(isAlert);
        Assert.Null(alert);
        Assert.Contains(mistake, said, StringComparison.Ordinal);
    }
}
