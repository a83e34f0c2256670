using VizPipeline.Images;
using VizPipeline.Methods.Facets;

namespace VizPipeline.Tests.Methods.Facets;

public class FacetClustersTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Planted_facets_are_found_the_largest_first(int planted)
    {
        var random = new SplitMix(planted, 0);
        // 10, 20, ... vectors around distant centres, interleaved.
        var origins = Enumerable.Range(0, planted).SelectMany(of => Enumerable.Repeat(of, 10 * (of + 1)))
            .Select(of => (Of: of, Place: random.Uniform())).OrderBy(of => of.Place).Select(of => of.Of).ToArray();
        var vectors = origins.Select(of => Around(ref random, 40, of, 3)).ToArray();

        var found = FacetClusters.Find(vectors, seed: 7);

        Assert.Equal(planted, found.Count);
        Assert.Equal(origins.Select(of => planted - 1 - of), found.FacetOf);
        Assert.InRange(found.Silhouette!.Value, 0.4, 1);
    }

    [Fact]
    public void One_blob_is_one_facet()
    {
        var random = new SplitMix(1, 1);
        var vectors = Enumerable.Range(0, 100).Select(_ => Around(ref random, 60, 0, 0)).ToArray();

        var found = FacetClusters.Find(vectors, seed: 3);

        Assert.Equal(1, found.Count);
        Assert.All(found.FacetOf, facet => Assert.Equal(0, facet));
        Assert.InRange(found.Silhouette!.Value, -1, FacetClusters.LeastSilhouette);
    }

    [Fact]
    public void The_silhouette_is_that_of_its_definition()
    {
        // By hand, on a line: within 0.1, 0.2; to the other pair the mean of two distances.
        float[][] vectors = [[0], [10], [0.1f], [10.2f]];

        var found = FacetClusters.Find(vectors, seed: 0);

        Assert.Equal([0, 1, 0, 1], found.FacetOf);
        var expected = ((10.1 - 0.1) / 10.1) + ((10.0 - 0.1) / 10.0) + ((9.95 - 0.2) / 9.95) + ((10.15 - 0.2) / 10.15);
        Assert.Equal(expected / 4, found.Silhouette!.Value, 1e-6);
    }

    [Fact]
    public void The_division_has_the_smallest_sum_of_squares()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new SplitMix(seed, 5);
            var vectors = Enumerable.Range(0, 9).Select(i => Around(ref random, 2, i % 2, 2.5)).ToArray();
            var found = FacetClusters.Find(vectors, seed);
            if (found.Count != 2)
                continue;
            var least = Enumerable.Range(1, (1 << 8) - 1).Min(
                mask => SumOfSquares(vectors, [.. Enumerable.Range(0, 9).Select(i => (mask >> i) & 1)]));
            Assert.Equal(least, SumOfSquares(vectors, found.FacetOf), 1e-6);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(50, 1)]
    public void Equal_or_few_vectors_are_one_facet(int count, int facets)
    {
        var found = FacetClusters.Find([.. Enumerable.Repeat(new float[] { 1, 2 }, count)], seed: 0);

        Assert.Equal(facets, found.Count);
        Assert.Equal(count, found.FacetOf.Count);
        Assert.Null(found.Silhouette);
    }

    [Fact]
    public void What_is_not_a_number_divides_nothing()
    {
        var found = FacetClusters.Find([[1], [float.NaN], [5], [5.1f]], seed: 0);

        Assert.Equal(1, found.Count);
    }

    [Fact]
    public void The_same_seed_gives_the_same_facets()
    {
        var random = new SplitMix(11, 0);
        var vectors = Enumerable.Range(0, 80).Select(i => Around(ref random, 10, i % 4, 1)).ToArray();

        Assert.Equal(FacetClusters.Find(vectors, 4).FacetOf, FacetClusters.Find(vectors, 4).FacetOf);
    }

    private static float[] Around(ref SplitMix random, int length, int axis, double distance)
    {
        var vector = new float[length];
        random.FillNormal(vector, 0.3);
        vector[axis % length] += (float)distance;
        return vector;
    }

    private static double SumOfSquares(float[][] vectors, IReadOnlyList<int> facets)
    {
        var sum = 0.0;
        foreach (var members in vectors.Zip(facets).GroupBy(pair => pair.Second, pair => pair.First).Select(group => group.ToList()))
        {
            for (var c = 0; c < vectors[0].Length; c++)
            {
                var mean = members.Average(member => (double)member[c]);
                sum += members.Sum(member => (member[c] - mean) * (member[c] - mean));
            }
        }
        return sum;
    }
}
