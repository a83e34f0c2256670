// In TorchSharp's namespace, so that every file that uses its tensors has them.
#pragma warning disable RS0030 // The only place where scalars are created; it keeps them alive.
namespace TorchSharp;

/// <summary>
/// Arithmetic of tensors with numbers. TorchSharp's own operators pass a scalar's address to torch without keeping the object alive, so the
/// garbage collector may free it while torch reads it, which gives an exception or a wrong number. These methods keep the scalar alive
/// until the call returns.
/// </summary>
public static class TensorScalarExtensions
{
    // TorchSharp's own addition multiplies by a scalar of 1 that it creates for each call. This one lives forever.
    private static readonly Scalar One = 1.ToScalar();

    /// <summary>Returns the sum of two tensors.</summary>
    public static torch.Tensor Plus(this torch.Tensor left, torch.Tensor right) => Checked(left).add(right, One);

    /// <summary>Adds a tensor in place.</summary>
    public static torch.Tensor PlusInPlace(this torch.Tensor left, torch.Tensor right) => Checked(left).add_(right, One);

    /// <summary>Returns <paramref name="left"/> + <paramref name="right"/>.</summary>
    public static torch.Tensor Plus(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.add(scalar, One));

    /// <summary>Adds a number in place.</summary>
    public static torch.Tensor PlusInPlace(this torch.Tensor left, double right) =>
        Call(left, right, (tensor, scalar) => tensor.add_(scalar, One));

    /// <summary>Returns <paramref name="left"/> - <paramref name="right"/>.</summary>
    public static torch.Tensor Minus(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.sub(scalar));

    /// <summary>Returns <paramref name="left"/> - <paramref name="right"/>.</summary>
    public static torch.Tensor Minus(this double left, torch.Tensor right) =>
        Call(right, left, (tensor, scalar) => tensor.negative().add(scalar, One));

    /// <summary>Returns <paramref name="left"/> * <paramref name="right"/>.</summary>
    public static torch.Tensor Times(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.mul(scalar));

    /// <summary>Multiplies by a number in place.</summary>
    public static torch.Tensor TimesInPlace(this torch.Tensor left, double right) =>
        Call(left, right, (tensor, scalar) => tensor.mul_(scalar));

    /// <summary>Returns <paramref name="left"/> / <paramref name="right"/>.</summary>
    public static torch.Tensor DividedBy(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.div(scalar));

    /// <summary>Returns <paramref name="left"/> / <paramref name="right"/>.</summary>
    public static torch.Tensor DividedBy(this double left, torch.Tensor right) => Call(right, left, (tensor, scalar) => scalar / tensor);

    /// <summary>Returns each element to the power of <paramref name="exponent"/>.</summary>
    public static torch.Tensor Pow(this torch.Tensor tensor, double exponent) =>
        Call(tensor, exponent, (value, scalar) => value.pow(scalar));

    /// <summary>Returns where elements are greater than a number.</summary>
    public static torch.Tensor Gt(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.gt(scalar));

    /// <summary>Returns where elements are less than a number.</summary>
    public static torch.Tensor Lt(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.lt(scalar));

    /// <summary>Returns where elements equal a number.</summary>
    public static torch.Tensor Eq(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.eq(scalar));

    /// <summary>Returns where elements differ from a number.</summary>
    public static torch.Tensor Ne(this torch.Tensor left, double right) => Call(left, right, (tensor, scalar) => tensor.ne(scalar));

    /// <summary>Returns the elements limited to [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public static torch.Tensor Clamp(this torch.Tensor tensor, double min, double max) =>
        Call(tensor, min, max, (value, low, high) => value.clamp(low, high));

    /// <summary>Limits the elements to [<paramref name="min"/>, <paramref name="max"/>] in place.</summary>
    public static torch.Tensor ClampInPlace(this torch.Tensor tensor, double min, double max) =>
        Call(tensor, min, max, (value, low, high) => value.clamp_(low, high));

    /// <summary>Returns the elements, but at least <paramref name="min"/>.</summary>
    public static torch.Tensor ClampMin(this torch.Tensor tensor, double min) =>
        Call(tensor, min, (value, scalar) => value.clamp_min(scalar));

    /// <summary>Raises smaller elements to <paramref name="min"/> in place.</summary>
    public static torch.Tensor ClampMinInPlace(this torch.Tensor tensor, double min) =>
        Call(tensor, min, (value, scalar) => value.clamp_min_(scalar));

    /// <summary>Returns the elements, but at most <paramref name="max"/>.</summary>
    public static torch.Tensor ClampMax(this torch.Tensor tensor, double max) =>
        Call(tensor, max, (value, scalar) => value.clamp_max(scalar));

    /// <summary>Returns the elements, with <paramref name="value"/> wherever <paramref name="mask"/> is true.</summary>
    public static torch.Tensor MaskedFill(this torch.Tensor tensor, torch.Tensor mask, double value) =>
        Call(tensor, value, (values, scalar) => values.masked_fill(mask, scalar));

    /// <summary>Returns a tensor of the same shape and type filled with <paramref name="value"/>.</summary>
    public static torch.Tensor FullLike(this torch.Tensor tensor, double value) =>
        Call(tensor, value, (like, scalar) => torch.full_like(like, scalar));

    /// <summary>Returns x where x is positive, else <paramref name="slope"/> times x.</summary>
    public static torch.Tensor LeakyRelu(this torch.Tensor tensor, double slope) =>
        Call(tensor, slope, (value, scalar) => value.leaky_relu(scalar));

    /// <summary>Multiplies negative elements by <paramref name="slope"/> in place.</summary>
    public static torch.Tensor LeakyReluInPlace(this torch.Tensor tensor, double slope) =>
        Call(tensor, slope, (value, scalar) => value.leaky_relu_(scalar));

    /// <summary>Adds the slices of <paramref name="source"/> to those at <paramref name="index"/> along a dimension, in place.</summary>
    public static torch.Tensor IndexAddInPlace(this torch.Tensor tensor, long dimension, torch.Tensor index, torch.Tensor source) =>
        Checked(tensor).index_add_(dimension, index, source, One);

    private static torch.Tensor Checked(torch.Tensor tensor) => tensor ?? throw new ArgumentNullException(nameof(tensor));

    // Disposing a scalar after the call keeps it alive during the call.
    private static torch.Tensor Call(torch.Tensor tensor, double number, Func<torch.Tensor, Scalar, torch.Tensor> operation)
    {
        using var scalar = number.ToScalar();
        return operation(Checked(tensor), scalar);
    }

    private static torch.Tensor Call(
        torch.Tensor tensor, double first, double second, Func<torch.Tensor, Scalar, Scalar, torch.Tensor> operation)
    {
        using var one = first.ToScalar();
        using var other = second.ToScalar();
        return operation(Checked(tensor), one, other);
    }
}
