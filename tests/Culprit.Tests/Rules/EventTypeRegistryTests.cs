using System.Text;
using Culprit.Engine.Publishing;
using Culprit.Engine.Rules;
using Xunit;

namespace Culprit.Tests.Rules;

public sealed class EventTypeRegistryTests
{
    private readonly EventTypeRegistry _registry = new(new EventTypeDeclaration("order.refused",
    [
        new("amount", EventFieldKind.Number, true), new("reason", EventFieldKind.String, false),
        new("final", EventFieldKind.Boolean, false), new("customer", EventFieldKind.Object, false),
    ]));

    [Theory]
    [InlineData("""{"amount":5}""")]
    [InlineData("""{"amount":5,"reason":"x","final":true,"customer":{"id":1},"other":[1]}""")]
    [InlineData("""{"reason":null,"amount":5e3}""")]
    [InlineData("""{"\u0061mount":5}""")]
    public void AnEventAsDeclaredIsAccepted(string json) => Assert.Null(Validate(json));

    [Theory]
    [InlineData("""{}""", "amount", "is missing; order.refused wants number")]
    [InlineData("""{"amount":null}""", "amount", "is missing; order.refused wants number")]
    [InlineData("""{"amount":"5"}""", "amount", "is string; order.refused wants number")]
    [InlineData("""{"amount":5,"reason":5}""", "reason", "is number; order.refused wants string")]
    [InlineData("""{"amount":5,"final":"yes"}""", "final", "is string; order.refused wants bool")]
    [InlineData("""{"amount":5,"customer":[]}""", "customer", "is array; order.refused wants object")]
    [InlineData("""{"amount":5,"amount":"x"}""", "amount", "is string; order.refused wants number")]
    [InlineData("""[]""", "", "the event is no JSON object")]
    [InlineData("""{"amount":""", "", "the event is no JSON")]
    [InlineData("", "", "the event is no JSON")]
    public void AnEventOfAnotherFormIsNamedByFieldAndReason(string json, string field, string reason) =>
        Assert.Equal(new EventTypeProblem(field, reason), Validate(json));

    [Fact]
    public void RulesAreShownEveryEventThatTheEngineMakesOfAnIncident() => Assert.Subset(
        EventTypeRegistry.OfEngine.ToHashSet(), EventTypes.Incident.Where(t => t != EventTypes.IncidentAcknowledged).ToHashSet());

    [Fact]
    public void ATypeThatNobodyDeclaredIsAccepted() => Assert.Null(_registry.Validate("other", "nonsense"u8));

    [Fact]
    public void ATypeIsDeclaredOnceAndNeverABuiltInOne()
    {
        Assert.Throws<ArgumentException>(() => new EventTypeRegistry(new EventTypeDeclaration("log.entry", [])));
        Assert.Throws<ArgumentException>(() => new EventTypeRegistry(new("a", []), new("a", [])));
    }

    private EventTypeProblem? Validate(string json) => _registry.Validate("order.refused", Encoding.UTF8.GetBytes(json));
}
