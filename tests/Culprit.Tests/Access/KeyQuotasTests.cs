using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Access;

public sealed class KeyQuotasTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 23, 59, 0, TimeSpan.Zero));
    private readonly KeyQuotas _quotas;

    public KeyQuotasTests() => _quotas = new KeyQuotas(_clock);

    [Fact]
    public void ABatchIsTakenWholeAndTheNextWaitsForWhatItOverdrew()
    {
        var caller = Of(new KeyRequest("k", ["ingest"]) { RecordsPerSecond = 100 });

        var before = _quotas.Refusal(caller);
        _quotas.Count(caller, 600, 1);
        var at = _quotas.Refusal(caller);
        _clock.Advance(TimeSpan.FromSeconds(5.1));

        Assert.Null(before);
        Assert.Equal(TimeSpan.FromSeconds(5), at!.RetryAfter);
        Assert.Null(_quotas.Refusal(caller));
    }

    [Fact]
    public void OnAverageNoMoreThanTheRateIsTaken()
    {
        var caller = Of(new KeyRequest("k", ["ingest"]) { RecordsPerSecond = 100 });
        var taken = 0;
        for (var i = 0; i < 600; i++)
        {
            if (_quotas.Refusal(caller) is null)
            {
                _quotas.Count(caller, 37, 1);
                taken += 37;
            }

            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(taken, 6000, 6200);
    }

    [Fact]
    public void TheDaysBytesBeginAgainAtMidnight()
    {
        var caller = Of(new KeyRequest("k", ["ingest"]) { BytesPerDay = 1000 });
        _quotas.Count(caller, 1, 1000);

        var spent = _quotas.Refusal(caller);
        _clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(429, spent!.Status);
        Assert.Equal(TimeSpan.FromSeconds(60), spent.RetryAfter);
        Assert.Null(_quotas.Refusal(caller));
    }

    [Fact]
    public void AKeyWithoutQuotaAndNoKeyAreNeverRefused()
    {
        var caller = Of(new KeyRequest("k", ["ingest"]));
        _quotas.Count(caller, int.MaxValue, long.MaxValue);
        _quotas.Count(Caller.Local, int.MaxValue, long.MaxValue);

        Assert.Null(_quotas.Refusal(caller));
        Assert.Null(_quotas.Refusal(Caller.Local));
        Assert.Null(_quotas.Refusal(null));
    }

    private Caller Of(KeyRequest request) => new(request.Make(_clock.GetUtcNow()).Key);
}
