using Culprit.Server.Alerting.Sinks;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class SinkAnswerTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Delivered", new[] { 200, 201, 202, 204, 299 })]
    [InlineData("Retryable", new[] { 0, 408, 425, 429, 500, 501, 502, 503, 504, 529, 599 })]
    [InlineData("Rejected", new[] { 100, 300, 301, 302, 307, 308, 400, 401, 403, 404, 410, 413, 415, 422 })]
    public void TheStatusSaysWhatBecameOfTheAttempt(string outcome, int[] statuses)
    {
        foreach (var status in statuses)
        {
            var result = new SinkAnswer(status, "because", null).ToResult();

            Assert.Equal((status, outcome), (status, result.Outcome.ToString()));
            Assert.True(outcome == "Delivered" || !string.IsNullOrEmpty(result.Detail));
        }
    }

    [Fact]
    public void TheReceiversWishIsPassedOnOnlyWithAnotherTry()
    {
        var wait = TimeSpan.FromSeconds(7);

        Assert.Equal(wait, new SinkAnswer(429, "", wait).ToResult().RetryAfter);
        Assert.Equal(wait, new SinkAnswer(503, "", wait).ToResult().RetryAfter);
        Assert.Null(new SinkAnswer(400, "", wait).ToResult().RetryAfter);
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("1", 1)]
    [InlineData("30", 30)]
    [InlineData(" 30 ", 30)]
    [InlineData("3600", 3600)]
    [InlineData("3601", 3600)]
    [InlineData("99999999999999999999999999", 3600)]
    [InlineData("Mon, 04 May 2026 10:00:30 GMT", 30)]
    [InlineData("Mon, 04 May 2026 09:00:00 GMT", 1)]
    [InlineData("Tue, 05 May 2026 10:00:00 GMT", 3600)]
    public void RetryAfterIsSecondsOrADateWithinAnHour(string value, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(value));

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("1.5x")]
    public void RetryAfterThatMakesNoSenseIsIgnored(string value) => Assert.Null(Read(value));

    [Fact]
    public void WithoutRetryAfterThereIsNone() => Assert.Null(Read(null));

    private static TimeSpan? Read(string? value)
    {
        using var response = new HttpResponseMessage();
        if (value is not null)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", value);
        }

        return RetryAfterHeader.Read(response.Headers, Now);
    }
}
