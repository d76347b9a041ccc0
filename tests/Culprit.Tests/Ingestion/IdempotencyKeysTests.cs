using Culprit.Server.Ingestion;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class IdempotencyKeysTests
{
    private readonly IdempotencyKeys _keys = new(new FakeTimeProvider());

    [Fact]
    public void AnswersAreForgottenOldestFirstWhenTheyTakeTooMuchMemory()
    {
        for (var i = 0; i < 40; i++)
        {
            Assert.True(_keys.TryClaim("k" + i, 1).IsOurs);
            _keys.Complete("k" + i, new StoredAnswer(200, new byte[2 * 1024 * 1024]));
        }

        Assert.NotNull(_keys.TryClaim("k39", 1).Answer);
        Assert.True(_keys.TryClaim("k0", 1).IsOurs);
    }

    [Fact]
    public void AnAbandonedKeyMayBeTriedAgainEvenWithAnotherBody()
    {
        var first = _keys.TryClaim("k", 1);
        var meanwhile = _keys.TryClaim("k", 1);

        _keys.Abandon("k");

        Assert.True(first.IsOurs);
        Assert.True(meanwhile.Pending!.IsCompleted);
        Assert.True(_keys.TryClaim("k", 2).IsOurs);
    }
}
