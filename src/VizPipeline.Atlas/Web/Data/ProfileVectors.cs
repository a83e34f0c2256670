using System.Numerics;
using System.Runtime.InteropServices;
using VizPipeline.Jobs;
using Vectors = System.Numerics.Vector;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The activation profiles of a layer as centred unit vectors, whose dot products are cosines.</summary>
internal sealed class ProfileVectors
{
    private readonly float[] _values;
    private readonly bool[] _constant;
    private readonly int _stride;

    private ProfileVectors(int layer, int[] images, int neurons)
    {
        (Layer, Images, _constant) = (layer, images, new bool[neurons]);
        // Zero padding to a whole number of SIMD registers changes no product and makes loops for the remainder unnecessary.
        var width = Vector<float>.Count;
        _stride = (images.Length + width - 1) / width * width;
        _values = new float[(long)neurons * _stride];
    }

    /// <summary>The index of the layer.</summary>
    public int Layer { get; }

    /// <summary>The indices of the sampled images, ascending.</summary>
    public int[] Images { get; }

    /// <summary>The number of neurons.</summary>
    public int Neurons => _constant.Length;

    /// <summary>The memory of the vectors in bytes.</summary>
    public long Bytes => sizeof(float) * (long)_values.Length;

    /// <summary>Creates the vectors of a layer.</summary>
    public static ProfileVectors FromProfiles(int layer, ActivationProfiles profiles)
    {
        var vectors = new ProfileVectors(layer, profiles.Images, profiles.Neurons);
        for (var neuron = 0; neuron < profiles.Neurons; neuron++)
            vectors._constant[neuron] = !Normalize(
                profiles.Values.AsSpan(neuron * profiles.Images.Length, profiles.Images.Length), vectors.Row(neuron));
        return vectors;
    }

    /// <summary>Whether a neuron has the same activation on all images; its vector is zero then.</summary>
    public bool IsConstant(int neuron) => _constant[neuron];

    /// <summary>Returns the vector of a neuron.</summary>
    public ReadOnlySpan<float> GetVector(int neuron) => Row(neuron);

    /// <summary>Computes the cosines of a vector with consecutive neurons, starting at <paramref name="first"/>.</summary>
    public void Similarities(ReadOnlySpan<float> vector, int first, Span<float> similarities)
    {
        var left = MemoryMarshal.Cast<float, Vector<float>>(vector);
        var right = MemoryMarshal.Cast<float, Vector<float>>(_values.AsSpan(first * _stride, similarities.Length * _stride));
        var neuron = 0;
        // Four at a time: four independent sums, and the vector is loaded once for all of them.
        for (; neuron + 4 <= similarities.Length; neuron += 4)
            FourProducts(left, right.Slice(neuron * left.Length, 4 * left.Length), similarities[neuron..]);
        for (; neuron < similarities.Length; neuron++)
            similarities[neuron] = Product(left, right.Slice(neuron * left.Length, left.Length));
        // Rounding may exceed the range of a cosine slightly.
        for (neuron = 0; neuron < similarities.Length; neuron++)
            similarities[neuron] = Math.Clamp(similarities[neuron], -1, 1);
    }

    private static void FourProducts(ReadOnlySpan<Vector<float>> left, ReadOnlySpan<Vector<float>> right, Span<float> products)
    {
        // Slices of exactly the loop's length let the JIT compiler remove the bounds checks.
        var a = right[..left.Length];
        var b = right.Slice(left.Length, left.Length);
        var c = right.Slice(2 * left.Length, left.Length);
        var d = right.Slice(3 * left.Length, left.Length);
        var (sumA, sumB, sumC, sumD) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        for (var i = 0; i < left.Length; i++)
        {
            var value = left[i];
            sumA = Vectors.MultiplyAddEstimate(value, a[i], sumA);
            sumB = Vectors.MultiplyAddEstimate(value, b[i], sumB);
            sumC = Vectors.MultiplyAddEstimate(value, c[i], sumC);
            sumD = Vectors.MultiplyAddEstimate(value, d[i], sumD);
        }
        (products[0], products[1]) = (Vectors.Sum(sumA), Vectors.Sum(sumB));
        (products[2], products[3]) = (Vectors.Sum(sumC), Vectors.Sum(sumD));
    }

    // Sums in the same order as above, so that equal neurons have equal similarities regardless of their position.
    private static float Product(ReadOnlySpan<Vector<float>> left, ReadOnlySpan<Vector<float>> right)
    {
        var sum = Vector<float>.Zero;
        for (var i = 0; i < left.Length; i++)
            sum = Vectors.MultiplyAddEstimate(left[i], right[i], sum);
        return Vectors.Sum(sum);
    }

    // In double precision: squares of large floats overflow a float, and the mean of equal values must be exact.
    private static bool Normalize(ReadOnlySpan<float> values, Span<float> vector)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in values)
            sum += value;
        var mean = sum / values.Length;
        foreach (var value in values)
            squares += (value - mean) * (value - mean);
        if (squares == 0)
            return false;
        var scale = 1 / Math.Sqrt(squares);
        for (var i = 0; i < values.Length; i++)
            vector[i] = (float)((values[i] - mean) * scale);
        return true;
    }

    private Span<float> Row(int neuron) => _values.AsSpan(neuron * _stride, _stride);
}
