using Culprit.Engine.Rules;
using Xunit;

namespace Culprit.Tests.Rules;

public sealed class RuleReaderTests
{
    [Fact]
    public void ARuleIsReadWithItsDefaults()
    {
        var (rules, mistakes) = Read(new RuleOptions { Name = "r", On = ["log.error"], Threshold = new(), Dedupe = new(), Raise = new(), Call = "h" });

        Assert.Empty(mistakes);
        var rule = Assert.Single(rules);
        Assert.Equal((5, TimeSpan.FromSeconds(60)), (rule.Threshold!.Count, rule.Threshold.Window));
        Assert.Equal("environment", Assert.Single(rule.Threshold.Scope).Name);
        Assert.Equal(TimeSpan.FromSeconds(5), rule.Dedupe!.Window);
        Assert.Equal("{count} events of rule {rule} in {scope}", rule.Raise!.Message.ToString());
    }

    [Fact]
    public void TheScopeAllCountsEverythingTogether()
    {
        var (rules, _) = Read(new RuleOptions { Name = "r", Threshold = new() { Scope = ["all"] }, Call = "h" });

        Assert.Empty(Assert.Single(rules).Threshold!.Scope);
    }

    [Fact]
    public void EachMistakeNamesKeyValueAndWhatIsAllowed()
    {
        Expect(new() { Name = "a b", Call = "h" }, "rules:0:name: 'a b' is not allowed; use 1 to 128 letters, digits, dots, dashes and underscores.");
        Expect(new() { Name = "r" }, "rules:0: 'r' is not allowed; use raise, call or emit.");
        Expect(new() { Name = "r", Call = "x" }, "rules:0:call: 'x' is not allowed; use one of h.");
        Expect(new() { Name = "r", Call = "h", On = ["a b"] }, "rules:0:on: 'a b' is not allowed");
        Expect(new() { Name = "r", Call = "h", Where = "level < wran" }, "rules:0:where: unknown level 'wran' at character 9");
        Expect(new() { Name = "r", Call = "h", Threshold = new() { Count = 0 } }, "rules:0:threshold:count: '0' is not allowed; use 1 to 1000.");
        Expect(new() { Name = "r", Call = "h", Threshold = new() { Window = "5" } }, "rules:0:threshold:window: '5' is not allowed; use 1ms to 7d");
        Expect(new() { Name = "r", Call = "h", Threshold = new() { Scope = ["tenant"] } }, "rules:0:threshold:scope: unknown field 'tenant'");
        Expect(new() { Name = "r", Call = "h", Dedupe = new() { By = ["x"] } }, "rules:0:dedupe:by: unknown field 'x'");
        Expect(new() { Name = "r", Raise = new() { Type = "oops" } }, "rules:0:raise:type: 'oops' is not allowed; use unknown, error_spike");
        Expect(new() { Name = "r", Raise = new() { Severity = "bad" } }, "rules:0:raise:severity: 'bad' is not allowed; use low, medium, high, critical.");
        Expect(new() { Name = "r", Raise = new() { Message = "{x}" } }, "rules:0:raise:message: unknown placeholder at character 2");
        Expect(new() { Name = "r", On = ["x"], Emit = new() { Type = "log.entry" } }, "rules:0:emit:type: 'log.entry' is not allowed; use a type that is not built in.");
        Expect(new() { Name = "r", On = ["x"], Emit = new() { Type = "y", Fields = { ["id"] = "1" } } }, "rules:0:emit:fields: 'id' is not allowed");
        Expect(new() { Name = "r", Emit = new() { Type = "y" } }, "rules:r:on: '' is not allowed; use at least one type");
    }

    [Fact]
    public void TwoRulesOfOneNameAreAMistake()
    {
        var (rules, mistakes) = Read(new() { Name = "r", Call = "h" }, new() { Name = "r", Call = "h" });

        Assert.Single(rules);
        Assert.Equal("rules:1:name: 'r' is not allowed; use each name once.", Assert.Single(mistakes));
    }

    [Fact]
    public void AnEventThatLeadsBackToItsRuleIsAMistake()
    {
        var (_, mistakes) = Read(
            new() { Name = "a", On = ["x.*"], Emit = new() { Type = "y" } },
            new() { Name = "b", On = ["y"], Emit = new() { Type = "x.1" } },
            new() { Name = "c", On = ["y"], Emit = new() { Type = "z" } });

        Assert.Equal(2, mistakes.Count);
        Assert.All(mistakes, m => Assert.Contains("does not lead back to the rule", m, StringComparison.Ordinal));
    }

    [Fact]
    public void MistakesInDeclaredTypesAreNamed()
    {
        var mistakes = new Mistakes();

        EventTypeReader.Read(
            [
                new() { Type = "log.entry" }, new() { Type = "a" }, new() { Type = "a" },
                new() { Type = "b", Fields = [new() { Name = "n", Kind = "int" }, new() { Name = "" }] },
            ],
            mistakes);

        Assert.Equal(
            [
                "eventTypes:0:type: 'log.entry' is not allowed; use a type that is not built in.",
                "eventTypes:2:type: 'a' is not allowed; use each type once.",
                "eventTypes:3:fields:0:kind: 'int' is not allowed; use string, number, bool or object.",
                "eventTypes:3:fields:1:name: '' is not allowed; use a name.",
            ],
            mistakes.All);
    }

    private static void Expect(RuleOptions options, string mistake)
    {
        var (_, mistakes) = Read(options);

        Assert.StartsWith(mistake, Assert.Single(mistakes), StringComparison.Ordinal);
    }

    private static (IReadOnlyList<Rule> Rules, IReadOnlyList<string> Mistakes) Read(params RuleOptions[] options)
    {
        var mistakes = new Mistakes();
        return (RuleReader.Read(options, ["h"], mistakes), mistakes.All);
    }
}
