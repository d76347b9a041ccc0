using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Querying;

/// <summary>What the ids that records are stored under have become since; read from the state store, so it outlives a restart.</summary>
internal sealed class PatternNames(IStateStore state) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly PatternAliases _aliases = new();
    private long _lastRow;

    /// <summary>Takes in what was found since the last call.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The store forgets its oldest; so does this, now and then.
            var isFull = _aliases.Count >= 2 * NamedAlias.MaxKept;
            var rows = await state.FindAliasesAsync(isFull ? 0 : _lastRow, cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                if (isFull)
                {
                    _aliases.Clear();
                }

                foreach (var (row, alias) in rows)
                {
                    _aliases.Add(alias);
                    _lastRow = row;
                }
            }
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <inheritdoc cref="PatternAliases.Resolve"/>
    public PatternId Resolve(PatternId id)
    {
        lock (_gate)
        {
            return _aliases.Resolve(id);
        }
    }

    /// <inheritdoc cref="PatternAliases.IdsOf"/>
    public HashSet<PatternId> IdsOf(PatternId id)
    {
        lock (_gate)
        {
            return _aliases.IdsOf(id);
        }
    }

    /// <inheritdoc cref="PatternAliases.TextOf"/>
    public string? TextOf(PatternId id)
    {
        lock (_gate)
        {
            return _aliases.TextOf(id);
        }
    }

    public void Dispose() => _reading.Dispose();
}
