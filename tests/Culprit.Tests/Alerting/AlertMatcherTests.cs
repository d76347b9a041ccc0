using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertMatcherTests
{
    private static readonly Alert Some = SomeAlert.Firing with
    {
        Severity = IncidentSeverity.High,
        Environment = "prod",
        AnomalyType = "connection_failure",
        Services = ["payments", "checkout"],
        Labels = new Dictionary<string, IReadOnlyList<string>> { ["team"] = ["money", "web"], ["tier"] = ["1"] },
    };

    public static TheoryData<string, bool, bool> Cases => new()
    {
        { "", true, true },
        { "min=high", true, true },
        { "min=critical", false, false },
        { "max=high", true, true },
        { "max=medium", false, false },
        { "env=pro*", true, true },
        { "env=stage", false, false },
        { "type=connection_failure", true, true },
        { "type=error_*", false, false },
        { "incident=0123456789abcdef0123456789abcdef", true, true },
        { "incident=0", false, false },
        { "service=payments", true, false },
        { "service=pay*|check*", true, true },
        { "service=web", false, false },
        { "label=tier:1", true, true },
        { "label=team:money", true, false },
        { "label=team:money|web", true, true },
        { "label=team:other", false, false },
        { "label=owner:*", false, false },
        { "service=payments;max=medium", false, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void WhatIsToldNeedsOneMatchAndWhatIsKeptQuietNeedsAll(string matcher, bool touches, bool covers)
    {
        var parsed = Parse(matcher);

        Assert.Equal((touches, covers), (parsed.Touches(Some), parsed.Covers(Some)));
    }

    [Fact]
    public void AnAlertWithoutServicesIsNotKeptQuietByOneThatNamesThem()
    {
        var alert = Some with { Services = [], Labels = new Dictionary<string, IReadOnlyList<string>>() };

        Assert.False(Parse("service=*").Covers(alert));
        Assert.False(Parse("label=team:*").Covers(alert));
        Assert.True(Parse("env=prod").Covers(alert));
    }

    private static AlertMatcher Parse(string text)
    {
        var matcher = AlertMatcher.All;
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, values) = (part.Split('=')[0], part.Split('=')[1].Split('|'));
            _ = SeverityWords.TryParse(values[0], out var severity);
            matcher = key switch
            {
                "min" => matcher with { MinSeverity = severity },
                "max" => matcher with { MaxSeverity = severity },
                "env" => matcher with { Environments = values },
                "type" => matcher with { AnomalyTypes = values },
                "incident" => matcher with { Incidents = values },
                "service" => matcher with { Services = values },
                "label" => matcher with
                {
                    Labels = new Dictionary<string, IReadOnlyList<string>> { [part.Split('=')[1].Split(':')[0]] = part.Split(':')[1].Split('|') },
                },
                _ => throw new ArgumentException(key, nameof(text)),
            };
        }

        return matcher;
    }
}
