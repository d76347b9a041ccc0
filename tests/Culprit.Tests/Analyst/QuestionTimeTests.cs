using System.Globalization;
using Culprit.Server.Analyst;

namespace Culprit.Tests.Analyst;

public class QuestionTimeTests
{
    [Theory]
    [InlineData("why did checkout fail at 14:05?", "2026-03-02T14:00:00Z", "2026-03-02T14:15:00Z")]
    [InlineData("what was wrong at 23:10", "2026-03-01T23:05:00Z", "2026-03-01T23:20:00Z")]
    [InlineData("and at 15:58?", "2026-03-02T15:53:00Z", "2026-03-02T16:00:00Z")]
    [InlineData("around 2026-02-01T08:00:00Z?", "2026-02-01T07:55:00Z", "2026-02-01T08:10:00Z")]
    [InlineData("2026-02-01 08:00 please", "2026-02-01T07:55:00Z", "2026-02-01T08:10:00Z")]
    [InlineData("what broke in the last 2 hours?", "2026-03-02T14:00:00Z", "2026-03-02T16:00:00Z")]
    [InlineData("errors of the past hour", "2026-03-02T15:00:00Z", "2026-03-02T16:00:00Z")]
    [InlineData("in the last 9999 hours", "2026-03-01T16:00:00Z", "2026-03-02T16:00:00Z")]
    [InlineData("why is it slow", "2026-03-02T15:45:00Z", "2026-03-02T16:00:00Z")]
    [InlineData("ratio 99:99 is no time", "2026-03-02T15:45:00Z", "2026-03-02T16:00:00Z")]
    public void TheTimeOfAQuestionIsFound(string question, string from, string to)
    {
        var range = QuestionTime.Of(question, Time("2026-03-02T16:00:00Z"));

        Assert.Equal(Time(from), range.From);
        Assert.Equal(Time(to), range.To);
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
