using System.Globalization;
using System.IO.Enumeration;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A query for neurons, used by the API, the search page and <c>viz query</c>.</summary>
public sealed record NeuronQuery
{
    /// <summary>The maximum number of neurons on a page.</summary>
    public const int LargestPage = 500;

    private const string ByLayer = "layer";

    /// <summary>Names or slugs of layers, separated by commas; * and ? are wildcards. Null for all layers.</summary>
    public string? Layers { get; init; }

    /// <summary>Part of the name of the best class or of the output. Null for any.</summary>
    public string? Text { get; init; }

    /// <summary>The index of the class with the largest mean activation. Null for any.</summary>
    public int? BestClass { get; init; }

    /// <summary>Whether the neurons are dead. Null for both.</summary>
    public bool? Dead { get; init; }

    /// <summary>Conditions on statistics, all of which must hold.</summary>
    public IReadOnlyList<NeuronCondition> Where { get; init; } = [];

    /// <summary>
    /// <c>layer</c> or the name of a statistic; a leading minus sorts in descending order. Neurons without the statistic are left out.
    /// </summary>
    public string Sort { get; init; } = ByLayer;

    /// <summary>The maximum number of neurons, 1 to <see cref="LargestPage"/>.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>The cursor that the previous page returned. Null for the first page.</summary>
    public string? After { get; init; }

    /// <summary>
    /// Whether neurons that too few images excite are left out (<see cref="NeuronSupport"/>): in rankings by selectivity and purity, unless
    /// there is a condition on the number of active images.
    /// </summary>
    public bool AsksForSupport => NeuronSupport.IsAskedBy(Sort, Where.Select(condition => condition.Statistic.Name));

    /// <summary>Reads one page.</summary>
    /// <exception cref="QueryException">A part of the query is invalid.</exception>
    public async Task<NeuronQueryResult> ReadAsync(CatalogContext catalog, LoadedAtlas atlas, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        if (Limit is < 1 or > LargestPage)
            throw new QueryException($"limit: {Limit} is not from 1 to {LargestPage}");
        var layers = SelectLayers(atlas).ToDictionary(layer => layer.Id);
        var ids = layers.Keys.ToList();
        var neurons = catalog.Neurons.AsNoTracking().Where(neuron => ids.Contains(neuron.LayerId));
        if (Text is { Length: > 0 } text)
        {
            var classes = atlas.FindClasses(text);
            var outputs = atlas.FindOutputs(text);
            neurons = neurons.Where(
                neuron => (neuron.BestClass != null && classes.Contains(neuron.BestClass.Value))
                || (neuron.Name != null && outputs.Contains(neuron.Channel)));
        }
        neurons = ApplyFilters(neurons);
        if (AsksForSupport)
            neurons = NeuronSupport.Demand(neurons, atlas);
        var statistic = Sort is ByLayer or "" ? null : NeuronStatistic.Find(Sort.StartsWith('-') ? Sort[1..] : Sort, "sort");
        var found = statistic is null
            ? await ReadByLayerAsync(neurons, layers, atlas, cancellation)
            : await ApplySort(neurons, statistic, atlas).ThenBy(neuron => neuron.LayerId).ThenBy(neuron => neuron.Channel).Take(Limit + 1)
                .ToListAsync(cancellation);
        var more = found.Count > Limit;
        if (more)
            found.RemoveAt(Limit);
        return new NeuronQueryResult(
            [.. found.Select(neuron => (layers[neuron.LayerId], neuron))],
            more ? FormatCursor(layers[found[^1].LayerId], found[^1], statistic) : null);
    }

    /// <summary>
    /// Reads the output neurons whose own name contains <see cref="Text"/> and that fulfil the other conditions: those of exactly that name
    /// first. Takes milliseconds for a network of any size, because it reads only neurons of the output layer.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The atlas.</param>
    /// <param name="limit">The maximum number of neurons.</param>
    /// <param name="cancellation">Cancels the query.</param>
    /// <exception cref="QueryException">A part of the query is invalid.</exception>
    public async Task<IReadOnlyList<(Layer Layer, Neuron Neuron)>> ReadNamedAsync(
        CatalogContext catalog, LoadedAtlas atlas, int limit, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        var layers = SelectLayers(atlas).Where(layer => layer.Kind == "output").ToDictionary(layer => layer.Id);
        if (Text is not { Length: > 0 } text || layers.Count == 0 || atlas.FindOutputs(text) is not { Count: > 0 } channels)
            return [];
        var ids = layers.Keys.ToList();
        var found = await ApplyFilters(catalog.Neurons.AsNoTracking().Where(
            neuron => ids.Contains(neuron.LayerId) && channels.Contains(neuron.Channel) && neuron.Name != null)).ToListAsync(cancellation);
        return [.. found.OrderBy(neuron => RankName(neuron.Name!, text)).ThenBy(neuron => layers[neuron.LayerId].LayerIndex)
            .ThenBy(neuron => neuron.Channel).Take(limit).Select(neuron => (layers[neuron.LayerId], neuron))];
    }

    // A name may list synonyms: "tench, Tinca tinca".
    private static int RankName(string name, string text)
    {
        var synonyms = name.Split(',', StringSplitOptions.TrimEntries);
        return synonyms.Contains(text, StringComparer.OrdinalIgnoreCase) ? 0
            : synonyms.Any(synonym => synonym.StartsWith(text, StringComparison.OrdinalIgnoreCase)) ? 1
            : name.Contains(" " + text, StringComparison.OrdinalIgnoreCase) ? 2 : 3;
    }

    private IEnumerable<Layer> SelectLayers(LoadedAtlas atlas)
    {
        if (Layers is not { Length: > 0 } patterns)
            return atlas.Layers;
        var chosen = new HashSet<Layer>();
        foreach (var pattern in patterns.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var fits = atlas.Layers.Where(
                layer => FileSystemName.MatchesSimpleExpression(pattern, layer.Name, ignoreCase: false)
                || LoadedAtlas.GetSlug(layer) == pattern).ToList();
            if (fits.Count == 0)
                throw new QueryException(
                    $"layer: atlas '{atlas.Id}' has no layer '{Format.Excerpt(pattern)}'; it has "
                    + $"{string.Join(", ", atlas.Layers.Take(40).Select(layer => layer.Name))}");
            chosen.UnionWith(fits);
        }
        return chosen;
    }

    private IQueryable<Neuron> ApplyFilters(IQueryable<Neuron> neurons)
    {
        if (BestClass is { } best)
            neurons = neurons.Where(neuron => neuron.BestClass == best);
        if (Dead is { } dead)
            neurons = neurons.Where(neuron => neuron.Dead == dead);
        return Where.Aggregate(neurons, (filtered, condition) => filtered.Where(condition.Filter()));
    }

    // In the network's order, as far as it is that of the catalog's numbers by one query: all at once unless the atlas gained layers.
    private async Task<List<Neuron>> ReadByLayerAsync(
        IQueryable<Neuron> neurons, Dictionary<int, Layer> layers, LoadedAtlas atlas, CancellationToken cancellation)
    {
        var (_, last, channel) = After is { Length: > 0 } cursor ? ParseCursor(cursor, atlas) : default;
        var (found, rest) = (new List<Neuron>(), atlas.Layers.SkipWhile(layer => last > 0 && layer.Id != last));
        foreach (var run in SplitAscending(rest.Select(layer => layer.Id).Where(layers.ContainsKey)))
        {
            if (found.Count <= Limit)
                found.AddRange(await neurons
                    .Where(neuron => run.Contains(neuron.LayerId) && (neuron.LayerId != last || neuron.Channel > channel))
                    .OrderBy(neuron => neuron.LayerId).ThenBy(neuron => neuron.Channel).Take(Limit + 1 - found.Count)
                    .ToListAsync(cancellation));
        }
        return found;
    }

    private static List<List<int>> SplitAscending(IEnumerable<int> numbers)
    {
        var runs = new List<List<int>>();
        foreach (var number in numbers)
        {
            if (runs.Count == 0 || number < runs[^1][^1])
                runs.Add([]);
            runs[^1].Add(number);
        }
        return runs;
    }

    private IOrderedQueryable<Neuron> ApplySort(IQueryable<Neuron> neurons, NeuronStatistic statistic, LoadedAtlas atlas)
    {
        var after = After is { Length: > 0 } cursor ? ParseCursor(cursor, atlas) : default;
        var descending = Sort.StartsWith('-');
        neurons = neurons.Where(
            CreateCondition(statistic, value => Expression.NotEqual(value, Expression.Constant(null, typeof(double?)))));
        if (After is { Length: > 0 })
            neurons = neurons.Where(IsAfter(statistic, descending, after.Value, after.LayerId, after.Channel));
        return descending ? neurons.OrderByDescending(statistic.Value) : neurons.OrderBy(statistic.Value);
    }

    // Keyset paging: returns the rows after the last row of the previous page, even if rows were added in between, without counting rows.
    private static Expression<Func<Neuron, bool>> IsAfter(NeuronStatistic statistic, bool descending, double last, int layer, int channel)
    {
        Expression<Func<double?>> bound = () => last;
        Expression<Func<Neuron, bool>> isLater = neuron => neuron.LayerId > layer || (neuron.LayerId == layer && neuron.Channel > channel);
        var later = new Replacement(isLater.Parameters[0], statistic.Value.Parameters[0]).Visit(isLater.Body);
        return CreateCondition(statistic, value => Expression.OrElse(
            descending ? Expression.LessThan(value, bound.Body) : Expression.GreaterThan(value, bound.Body),
            Expression.AndAlso(Expression.Equal(value, bound.Body), later)));
    }

    private static Expression<Func<Neuron, bool>> CreateCondition(NeuronStatistic statistic, Func<Expression, Expression> of) =>
        Expression.Lambda<Func<Neuron, bool>>(of(statistic.Value.Body), statistic.Value.Parameters);

    private static string FormatCursor(Layer layer, Neuron neuron, NeuronStatistic? statistic)
    {
        var value = statistic is null ? "" : $"{BitConverter.DoubleToInt64Bits(statistic.Read(neuron)!.Value):x}.";
        return string.Create(CultureInfo.InvariantCulture, $"{value}{layer.LayerIndex}.{neuron.Channel}");
    }

    private (double Value, int LayerId, int Channel) ParseCursor(string cursor, LoadedAtlas atlas)
    {
        var parts = cursor.Split('.');
        var value = 0L;
        var isValue = Sort is ByLayer or ""
            ? parts.Length == 2 : parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        if (!isValue || !int.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
            || atlas.FindLayer(layer) is not { } row
            || !int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var channel))
            throw new QueryException(
                $"after: '{Format.Excerpt(cursor)}' is not a cursor of this query; use `next` of the previous page and leave the other "
                + "parameters unchanged");
        return (BitConverter.Int64BitsToDouble(value), row.Id, channel);
    }

    private sealed class Replacement(ParameterExpression from, ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;
    }
}

/// <summary>A page of neurons.</summary>
/// <param name="Items">The neurons and their layers.</param>
/// <param name="Next">The cursor of the next page; null on the last page.</param>
public sealed record NeuronQueryResult(IReadOnlyList<(Layer Layer, Neuron Neuron)> Items, string? Next);
