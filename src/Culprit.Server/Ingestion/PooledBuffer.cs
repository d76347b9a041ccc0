using System.Buffers;

namespace Culprit.Server.Ingestion;

/// <summary>Bytes that all requests in flight may hold together.</summary>
/// <param name="maxBytes">Above it a request is refused until others are done.</param>
internal sealed class BodyBudget(long maxBytes)
{
    private long _taken;

    public long Taken => Interlocked.Read(ref _taken);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= maxBytes)
        {
            return true;
        }

        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}

/// <summary>A growing byte array out of the shared pool, counted against the budget of all requests.</summary>
internal sealed class PooledBuffer(BodyBudget budget) : IDisposable
{
    private byte[] _bytes = [];
    private int _requested;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <summary>The array itself, for streams that need one; valid until the next growth.</summary>
    public ArraySegment<byte> Segment => new(_bytes, 0, Length);

    /// <summary>Free space of at least <paramref name="bytes"/>; empty when the budget is spent.</summary>
    public Memory<byte> GetFree(int bytes)
    {
        if (_bytes.Length - Length < bytes)
        {
            var size = (int)Math.Min(Array.MaxLength, Math.Max(2L * _bytes.Length, (long)Length + bytes));
            if (!budget.TryTake(size))
            {
                return default;
            }

            var larger = ArrayPool<byte>.Shared.Rent(size);
            budget.Return(_requested);
            _requested = size;
            Span.CopyTo(larger);
            Release();
            _bytes = larger;
        }

        return _bytes.AsMemory(Length);
    }

    public void Advance(int bytes) => Length += bytes;

    public void Dispose()
    {
        budget.Return(_requested);
        _requested = 0;
        Length = 0;
        Release();
    }

    private void Release()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = [];
    }
}
