using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertPolicyTests
{
    internal static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    /// <summary>What happened before to the sink <c>pager</c> (another one where it is named), and what becomes of the alert that is due.</summary>
    [Theory]
    [InlineData("", "firing", "send")]
    [InlineData("", "updated", "send")]
    [InlineData("", "resolved", "drop: this sink was not told of it")]
    [InlineData("", "acknowledged", "drop: this sink was not told of it")]
    [InlineData("firing delivered chat", "resolved", "drop: this sink was not told of it")]
    [InlineData("firing delivered", "updated", "send")]
    [InlineData("firing delivered", "acknowledged", "send")]
    [InlineData("firing delivered", "resolved", "send")]
    [InlineData("firing givenup", "resolved", "drop: this sink was not told of it")]
    [InlineData("firing dropped", "resolved", "drop: this sink was not told of it")]
    [InlineData("firing delivered, updated dropped", "resolved", "send")]
    [InlineData("firing delivered, resolved delivered", "firing", "send")]
    [InlineData("firing delivered, resolved delivered", "resolved", "drop: this sink was not told of it")]
    [InlineData("firing delivered, resolved delivered, firing delivered", "resolved", "hold 15: it came back before: its end is told when it stays away")]
    [InlineData("firing delivered, resolved delivered, firing delivered, resolved dropped", "firing", "update")]
    [InlineData("firing delivered, resolved dropped", "firing", "update")]
    public void WhatASinkWasToldDecides(string before, string due, string expected) => Assert.Equal(expected, Judge(before, due));

    [Fact]
    public void AnEndThatWasHeldForTheWholeTimeIsTold() => Assert.Equal(
        "send", Judge("firing delivered, resolved delivered, firing delivered", "resolved", addedMinutesAgo: 15));

    [Fact]
    public void AnEndByPeopleIsToldAtOnce() => Assert.Equal(
        "send", Judge("firing delivered, resolved delivered, firing delivered", "resolved", alert => alert with { By = "ann" }));

    [Theory]
    [InlineData("firing", "drop: resolved by ann")]
    [InlineData("updated", "drop: resolved by ann")]
    [InlineData("resolved", "send")]
    public void WhatPeopleResolvedIsNotToldAgain(string due, string expected) => Assert.Equal(
        expected, Judge("firing delivered", due, act: new IncidentAct(ActKind.Resolved, "ann", null, Now)));

    [Fact]
    public void WhatFiresSinceIsTheNextBout() => Assert.Equal(
        "send", Judge("firing delivered, resolved delivered", "firing", act: new IncidentAct(ActKind.Resolved, "ann", null, Now.AddMinutes(-1))));

    [Fact]
    public void WhatPeopleAcknowledgedIsStillUpdated() => Assert.Equal(
        "send", Judge("firing delivered", "updated", act: new IncidentAct(ActKind.Acknowledged, "ann", null, Now)));

    [Theory]
    [InlineData("firing")]
    [InlineData("updated")]
    [InlineData("resolved")]
    [InlineData("acknowledged")]
    public void WhenTheStoreCannotTellAnAlertIsSent(string due) => Assert.Equal("send", Judge(null, due));

    private static string Judge(
        string? before, string due, Func<Alert, Alert>? change = null, int addedMinutesAgo = 0, IncidentAct? act = null)
    {
        var kind = Enum.Parse<AlertKind>(due, ignoreCase: true);
        var alert = SomeAlert.Firing with { Id = "due", Kind = kind };
        var self = new AlertDelivery("due", "alert." + due, "pager", DeliveryState.Waiting, 0, Now.AddMinutes(-addedMinutesAgo), null, Now, null);
        return Describe(AlertPolicy.Judge(new AlertQuestion(change?.Invoke(alert) ?? alert, "pager", Now)
        {
            Deliveries = before is null ? null : [.. before.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(Earlier), self],
            Act = act,
        }));
    }

    internal static AlertDelivery Earlier(string text, int number)
    {
        var words = text.Split(' ');
        return new AlertDelivery(
            $"a{number}", "alert." + words[0], words.Length > 2 ? words[2] : "pager", Enum.Parse<DeliveryState>(words[1], ignoreCase: true), 0, Now.AddHours(-1), Now.AddHours(-1), Now, null);
    }

    internal static string Describe(AlertVerdict verdict) => verdict.Decision switch
    {
        AlertDecision.Send => "send",
        AlertDecision.SendAsUpdate => "update",
        AlertDecision.Hold => $"hold {(verdict.Until - Now).TotalMinutes:0}: {verdict.Reason}",
        AlertDecision.Drop => $"drop: {verdict.Reason}",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
    };
}
