using VizPipeline.Images;

namespace VizPipeline.Methods.Facets;

/// <summary>
/// Divides vectors into facets by k-means (docs/methods.md, section 7): as many as give the best mean silhouette, or one if no division is
/// good. The result depends on the vectors, their order and the seed only.
/// </summary>
/// <param name="FacetOf">The facet of each vector, from 0; the largest facet is 0, and of equal ones that of the earlier vector.</param>
/// <param name="Count">Number of facets: 1 to 5; 0 without vectors.</param>
/// <param name="Silhouette">
/// The mean silhouette of the best division into 2 or more facets, from -1 to 1, also if it was too low to divide by; null if there are too
/// few different vectors for any.
/// </param>
public sealed record FacetClusters(IReadOnlyList<int> FacetOf, int Count, double? Silhouette)
{
    /// <summary>The largest number of facets.</summary>
    public const int Most = 5;

    /// <summary>The mean silhouette below which all vectors are one facet.</summary>
    public const double LeastSilhouette = 0.15;

    private const int Restarts = 10;
    private const int Iterations = 100;

    /// <summary>Divides vectors of one length.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="seed">Seed of the first centres.</param>
    public static FacetClusters Find(IReadOnlyList<float[]> vectors, int seed)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        var squares = SquaredDistances(vectors);
        var (best, found) = ((double?)null, (int[]?)null);
        for (var k = 2; k <= Math.Min(Most, vectors.Count - 1); k++)
        {
            if (FindMeans(squares, k, seed) is not { } facets)
                break;
            var silhouette = MeanSilhouette(squares, facets, k);
            if (best is null || silhouette > best)
                (best, found) = (silhouette, facets);
        }
        if (best is null or < LeastSilhouette)
            return new FacetClusters(new int[vectors.Count], Math.Min(1, vectors.Count), best);
        var order = found!.Index().GroupBy(member => member.Item).OrderByDescending(facet => facet.Count())
            .ThenBy(facet => facet.First().Index).Select((facet, place) => (facet.Key, place)).ToDictionary();
        return new FacetClusters([.. found!.Select(facet => order[facet])], order.Count, best);
    }

    // All that k-means and silhouettes need, whatever the length of the vectors.
    private static double[][] SquaredDistances(IReadOnlyList<float[]> vectors)
    {
        var squares = vectors.Select(_ => new double[vectors.Count]).ToArray();
        for (var i = 0; i < vectors.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var sum = 0.0;
                for (var c = 0; c < vectors[i].Length; c++)
                {
                    var difference = (double)vectors[i][c] - vectors[j][c];
                    sum += difference * difference;
                }
                squares[i][j] = squares[j][i] = sum;
            }
        }
        return squares;
    }

    // The division with the smallest sum of squares of several starts; null if there are fewer than k different vectors.
    private static int[]? FindMeans(double[][] squares, int k, int seed)
    {
        var (least, best) = (double.PositiveInfinity, (int[]?)null);
        for (var start = 0; start < Restarts; start++)
        {
            if (ChooseCentres(squares, k, new SplitMix(seed, (k * Restarts) + start)) is not { } centres)
                return null;
            var facets = squares.Select(row => NearestOf(k, facet => row[centres[facet]])).ToArray();
            var sum = double.PositiveInfinity;
            for (var i = 0; i < Iterations; i++)
            {
                var (next, total) = Reassign(squares, facets, k);
                var isDone = next.SequenceEqual(facets);
                (facets, sum) = (next, total);
                if (isDone)
                    break;
            }
            if (sum < least)
                (least, best) = (sum, facets);
        }
        return best;
    }

    // k-means++ (Arthur and Vassilvitskii 2007): each further centre with a probability proportional to its squared distance.
    private static int[]? ChooseCentres(double[][] squares, int k, SplitMix random)
    {
        var centres = new List<int> { (int)(random.Uniform() * squares.Length) };
        var nearest = squares[centres[0]].ToArray();
        while (centres.Count < k)
        {
            var total = nearest.Sum();
            if (!(total > 0))
                return null;
            var (left, chosen) = (random.Uniform() * total, -1);
            for (var i = 0; i < nearest.Length && left >= 0; i++)
            {
                if (nearest[i] > 0)
                    chosen = i;
                left -= nearest[i];
            }
            centres.Add(chosen);
            for (var i = 0; i < nearest.Length; i++)
                nearest[i] = Math.Min(nearest[i], squares[chosen][i]);
        }
        return [.. centres];
    }

    // Each vector to its nearest mean; and the sum of squares around the means before. The squared distance to a mean follows from the
    // distances between vectors.
    private static (int[] Facets, double Sum) Reassign(double[][] squares, int[] facets, int k)
    {
        var (sums, counts, spread) = (squares.Select(_ => new double[k]).ToArray(), new int[k], new double[k]);
        for (var i = 0; i < facets.Length; i++)
        {
            for (var j = 0; j < facets.Length; j++)
                sums[i][facets[j]] += squares[i][j];
            counts[facets[i]]++;
        }
        for (var i = 0; i < facets.Length; i++)
            spread[facets[i]] += sums[i][facets[i]] / (2.0 * counts[facets[i]] * counts[facets[i]]);
        var distances = sums.Select(row => row.Select((of, facet) => counts[facet] == 0 ? double.PositiveInfinity
            : (of / counts[facet]) - spread[facet]).ToArray()).ToArray();
        var sum = facets.Index().Sum(of => distances[of.Index][of.Item]);
        var next = distances.Select(row => NearestOf(k, facet => row[facet])).ToArray();
        // A mean that lost all of its vectors takes the one that is farthest from its own.
        for (var facet = 0; facet < k; facet++)
        {
            if (next.Contains(facet))
                continue;
            var sizes = next.CountBy(of => of).ToDictionary();
            next[Enumerable.Range(0, next.Length).Where(i => sizes[next[i]] > 1).MaxBy(i => distances[i][next[i]])] = facet;
        }
        return (next, sum);
    }

    private static int NearestOf(int k, Func<int, double> distance) => Enumerable.Range(0, k).MinBy(distance);

    // Rousseeuw 1987, by the Euclidean distance; 0 for a vector that is alone in its facet.
    private static double MeanSilhouette(double[][] squares, int[] facets, int k)
    {
        var total = 0.0;
        for (var i = 0; i < facets.Length; i++)
        {
            var (sums, counts) = (new double[k], new int[k]);
            for (var j = 0; j < facets.Length; j++)
            {
                if (j == i)
                    continue;
                sums[facets[j]] += Math.Sqrt(squares[i][j]);
                counts[facets[j]]++;
            }
            if (counts[facets[i]] == 0)
                continue;
            var within = sums[facets[i]] / counts[facets[i]];
            var other = Enumerable.Range(0, k).Where(facet => facet != facets[i] && counts[facet] > 0)
                .Min(facet => sums[facet] / counts[facet]);
            if (Math.Max(within, other) > 0)
                total += (other - within) / Math.Max(within, other);
        }
        return total / facets.Length;
    }
}
