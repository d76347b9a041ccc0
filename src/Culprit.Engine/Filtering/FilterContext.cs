using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>What filters need beside the record: its time, and the memory of rates and deduplication.</summary>
/// <remarks>
/// Made for certain filters, whose terms it remembers by identity: a term used twice has one memory. Each term remembers at
/// most <see cref="Filter.RememberedKeys"/> keys. One owner; not thread-safe.
/// </remarks>
internal sealed class FilterContext
{
    /// <summary>Only so many leading bytes of a field are shown to a regular expression, so that its cost has a bound.</summary>
    public const int MaxRegexBytes = 16 * 1024;

    private readonly ulong _journalId;
    private readonly int _maxKeys;
    private readonly List<(Filter Term, RecentKeys<KeyWindow> Keys)> _terms = [];
    private readonly Dictionary<Filter, RecentKeys<KeyWindow>> _byTerm = new(ReferenceEqualityComparer.Instance);
    private readonly byte[] _id = new byte[32];
    private byte[] _bytes = new byte[256];
    private char[] _chars = new char[256];

    /// <param name="journalId">Part of the ids of records that their senders did not name.</param>
    /// <param name="filters">Every filter that will be asked with this context.</param>
    public FilterContext(ulong journalId, params IEnumerable<Filter> filters)
        : this(journalId, int.MaxValue, filters)
    {
    }

    /// <param name="maxKeys">Keys that each term may remember, if that is less than it wants.</param>
    public FilterContext(ulong journalId, int maxKeys, IEnumerable<Filter> filters)
    {
        _journalId = journalId;
        _maxKeys = maxKeys;
        foreach (var filter in filters)
        {
            Add(filter);
        }
    }

    /// <summary>Time of the record at hand, Unix nanoseconds: event time, or the tick where the event time is not believed.</summary>
    public long TimeNanos { get; set; }

    /// <summary>Times that a regular expression took too long and counted as no match; more than 0 is a bug of ours.</summary>
    public long RegexTimeouts { get; private set; }

    /// <summary>Keys that were forgotten for lack of room.</summary>
    public long ForgottenKeys => _terms.Sum(t => t.Keys.Evicted);

    public FilterState ToState() => new([.. _terms.Select(t => new FilterTermState(
        t.Term.ToString(),
        [.. t.Keys.OldestFirst.Select(k => k.Key)],
        [.. t.Keys.OldestFirst.Select(k => k.Value.SinceNanos)],
        [.. t.Keys.OldestFirst.Select(k => k.Value.Count)]))]);

    /// <summary>Takes over what the terms remembered that are still the same, by their text and in their order.</summary>
    public void Restore(FilterState state)
    {
        var left = state.Terms.ToList();
        foreach (var (term, keys) in _terms)
        {
            var text = term.ToString();
            var at = left.FindIndex(t => t.Term == text);
            if (at < 0)
            {
                continue;
            }

            var known = left[at];
            left.RemoveAt(at);
            for (var i = 0; i < known.Keys.Length && i < known.Since.Length && i < known.Counts.Length; i++)
            {
                keys.Set(known.Keys[i], new KeyWindow(known.Since[i], known.Counts[i]));
            }
        }
    }

    /// <exception cref="InvalidOperationException">The context was not made for a filter with this term.</exception>
    internal RecentKeys<KeyWindow> MemoryOf(Filter term) => _byTerm.TryGetValue(term, out var keys)
        ? keys
        : throw new InvalidOperationException($"This context was not made for a filter with {term}.");

    /// <summary>The id on the wire, as UTF-8; valid until the next call.</summary>
    internal ReadOnlySpan<byte> IdOf(in LogRecord record)
    {
        if (!record.Id.IsEmpty)
        {
            return record.Id;
        }

        Utf8.TryWrite(_id, System.Globalization.CultureInfo.InvariantCulture, $"{_journalId:x16}{record.Sequence:x16}", out var length);
        return _id.AsSpan(0, length);
    }

    internal string IdTextOf(in LogRecord record) => RecordId.Of(record, _journalId);

    /// <summary>Room for a value that must be rewritten; valid until the next call.</summary>
    internal Span<byte> Bytes(int length)
    {
        if (_bytes.Length < length)
        {
            _bytes = new byte[Math.Max(length, _bytes.Length * 2)];
        }

        return _bytes.AsSpan(0, length);
    }

    /// <summary>The text as UTF-16; valid until the next call.</summary>
    internal ReadOnlySpan<char> Chars(ReadOnlySpan<byte> utf8)
    {
        if (_chars.Length < utf8.Length)
        {
            _chars = new char[Math.Max(utf8.Length, _chars.Length * 2)]; // UTF-8 never has fewer bytes than UTF-16 has characters.
        }

        return _chars.AsSpan(0, Encoding.UTF8.GetChars(utf8, _chars));
    }

    internal bool IsMatch(Regex regex, ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxRegexBytes)
        {
            utf8 = utf8[..MaxRegexBytes];
        }

        try
        {
            return regex.IsMatch(Chars(utf8));
        }
        catch (RegexMatchTimeoutException)
        {
            RegexTimeouts++;
            return false;
        }
    }

    private void Add(Filter filter)
    {
        if (filter.RememberedKeys > 0 && !_byTerm.ContainsKey(filter))
        {
            var keys = new RecentKeys<KeyWindow>(Math.Min(_maxKeys, filter.RememberedKeys));
            _byTerm.Add(filter, keys);
            _terms.Add((filter, keys));
        }

        foreach (var part in filter.Parts)
        {
            Add(part);
        }
    }
}
