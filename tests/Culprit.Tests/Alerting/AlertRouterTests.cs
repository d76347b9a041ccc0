using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertRouterTests
{
    private static readonly AlertRouter Router = new(
        [
            new AlertRoute { Match = new AlertMatcher { Environments = ["dev*", "local"] }, Sinks = ["devchat"] },
            new AlertRoute { Match = new AlertMatcher { MinSeverity = IncidentSeverity.Critical }, Sinks = ["pager", "chat"], Continue = true },
            new AlertRoute { Match = new AlertMatcher { Services = ["pay*", "*-billing"], MinSeverity = IncidentSeverity.Medium }, Sinks = ["money", "chat"] },
            new AlertRoute { Match = new AlertMatcher { Environments = ["prod"], MinSeverity = IncidentSeverity.High }, Sinks = ["chat"] },
            new AlertRoute { Match = new AlertMatcher { Environments = ["stage"], Services = ["web"] }, Sinks = ["qa"], Continue = true },
        ],
        ["console"]);

    [Theory]
    [InlineData("critical", "dev", "web", "devchat")]
    [InlineData("low", "DEV-7", "web", "devchat")]
    [InlineData("low", "local", "", "devchat")]
    [InlineData("low", "localhost", "", "console")]
    [InlineData("critical", "prod", "web", "pager,chat")]
    [InlineData("critical", "prod", "payments", "pager,chat,money")]
    [InlineData("critical", "other", "web", "pager,chat")]
    [InlineData("medium", "prod", "payments", "money,chat")]
    [InlineData("medium", "prod", "web,eu-billing", "money,chat")]
    [InlineData("low", "prod", "payments", "console")]
    [InlineData("high", "prod", "web", "chat")]
    [InlineData("medium", "prod", "web", "console")]
    [InlineData("high", "production", "web", "console")]
    [InlineData("low", "stage", "web", "qa")]
    [InlineData("low", "stage", "", "console")]
    [InlineData("high", "", "", "console")]
    public void AnAlertGoesWhereTheFirstMatchesLead(string severity, string environment, string services, string sinks)
    {
        _ = SeverityWords.TryParse(severity, out var parsed);
        var alert = SomeAlert.Firing with
        {
            Severity = parsed,
            Environment = environment,
            Services = services.Split(',', StringSplitOptions.RemoveEmptyEntries),
        };

        var routed = Router.Route(alert);

        Assert.Equal(sinks.Split(','), routed);
    }

    [Fact]
    public void WithoutRoutesEverythingGoesToTheFallback() =>
        Assert.Equal(["console"], new AlertRouter([], ["console"]).Route(SomeAlert.Firing));

    [Fact]
    public void AnAlertThatCannotBeReadGoesToTheFallback() => Assert.Equal(["console"], Router.Route("{"u8.ToArray()));

    [Fact]
    public void TheEventItselfCanBeRouted() =>
        Assert.Equal(["chat"], Router.Route(SomeAlert.Utf8(SomeAlert.Event())));

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("**", "anything", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a*", "a", true)]
    [InlineData("a*", "ba", false)]
    [InlineData("*a", "ba", true)]
    [InlineData("a*b*c", "a--b--c", true)]
    [InlineData("a*b*c", "a--c--b", false)]
    [InlineData("a*bc", "abbc", true)]
    [InlineData("*ab", "aab", true)]
    [InlineData("A*", "abc", true)]
    [InlineData("a.c", "abc", false)]
    [InlineData("a?c", "abc", false)]
    [InlineData("[a]", "a", false)]
    [InlineData("a", "a*", false)]
    [InlineData("zahlung-ä*", "ZAHLUNG-Ä1", true)]
    public void OnlyTheStarIsSpecial(string pattern, string name, bool matches) => Assert.Equal(matches, NamePattern.Matches(pattern, name));

    [Fact]
    public void AHostilePatternAndNameAreAnsweredAtOnce()
    {
        var pattern = SomeAlert.Repeat("a*", 100) + "b";
        var name = new string('a', 100_000);

        Assert.False(NamePattern.Matches(pattern, name));
    }
}
