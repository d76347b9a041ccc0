using System.IO.Hashing;
using Culprit.Engine.Records;

namespace Culprit.Engine.Topology;

/// <summary>Finds which service called which from spans that arrive one by one, parent and child in any order.</summary>
/// <remarks>
/// Remembers spans in two generations of <see cref="MaxSpans"/>; a child whose parent comes later than that is not joined.
/// Span ids are remembered as 64-bit hashes.
/// </remarks>
internal sealed class SpanJoin
{
    internal const int MaxSpans = 50_000;

    private Dictionary<ulong, string> _young = [];
    private Dictionary<ulong, string> _old = [];
    private Dictionary<ulong, string> _waitingYoung = [];
    private Dictionary<ulong, string> _waitingOld = [];

    /// <summary>Takes one span; the calls between services that it completes are handed to <paramref name="call"/> as (caller, callee).</summary>
    public void Observe(ReadOnlySpan<byte> spanId, ReadOnlySpan<byte> parentId, string service, Action<string, string> call)
    {
        if (spanId.IsEmpty)
        {
            return;
        }

        var span = XxHash3.HashToUInt64(spanId);
        if ((_waitingYoung.Remove(span, out var child) || _waitingOld.Remove(span, out child)) && child != service)
        {
            call(service, child);
        }

        if (!parentId.IsEmpty)
        {
            var parent = XxHash3.HashToUInt64(parentId);
            if (_young.TryGetValue(parent, out var caller) || _old.TryGetValue(parent, out caller))
            {
                if (caller != service)
                {
                    call(caller, service);
                }
            }
            else
            {
                _waitingYoung[parent] = service;
            }
        }

        _young[span] = service;
        if (_young.Count >= MaxSpans || _waitingYoung.Count >= MaxSpans)
        {
            Turn(ref _young, ref _old);
            Turn(ref _waitingYoung, ref _waitingOld);
        }
    }

    /// <summary>What is remembered, so that a parent before a restart and a child after it are still joined.</summary>
    public byte[] Save() => SpanJoinSnapshot.Save(_young, _old, _waitingYoung, _waitingOld);

    /// <summary>False when the bytes cannot be read; nothing is changed then.</summary>
    public bool TryRestore(ReadOnlySpan<byte> bytes)
    {
        if (!SpanJoinSnapshot.TryLoad(bytes, MaxSpans, out var generations))
        {
            return false;
        }

        (_young, _old, _waitingYoung, _waitingOld) = (generations[0], generations[1], generations[2], generations[3]);
        return true;
    }

    private static void Turn(ref Dictionary<ulong, string> young, ref Dictionary<ulong, string> old)
    {
        (young, old) = (old, young);
        young.Clear();
    }
}
