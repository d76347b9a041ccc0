using System.Collections.Concurrent;
using Culprit.Engine.Ingestion;

namespace Culprit.Server.Ingestion;

/// <summary>Decoders of one protocol, each lent to one request at a time. Thread-safe.</summary>
/// <typeparam name="T">Keeps nothing of a body that the next must not see.</typeparam>
internal sealed class DecoderPool<T>
    where T : IBodyDecoder, new()
{
    private const int MaxKept = 16;

    private readonly ConcurrentBag<T> _free = [];

    public async Task<TAnswer> LendAsync<TAnswer>(Func<T, Task<TAnswer>> use)
    {
        if (!_free.TryTake(out var decoder))
        {
            decoder = new T();
        }

        try
        {
            return await use(decoder).ConfigureAwait(false);
        }
        finally
        {
            if (_free.Count < MaxKept)
            {
                _free.Add(decoder);
            }
        }
    }
}
