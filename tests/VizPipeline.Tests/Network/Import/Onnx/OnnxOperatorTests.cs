namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>Every operator against ONNX Runtime, over random shapes, attributes and operator sets.</summary>
public class OnnxOperatorTests
{
    // More, for a long search: VIZ_ONNX_TRIES.
    private static readonly int Tries = int.TryParse(Environment.GetEnvironmentVariable("VIZ_ONNX_TRIES"), out var tries) ? tries : 10;

    public static TheoryData<string> Cases => [.. OnnxCases.All.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void Equals_onnx_runtime(string name)
    {
        for (var i = 0; i < Tries; i++)
        {
            var random = new Random((name.Sum(sign => sign) * 100) + i);
            int[] opsets = [7, 8, 9, 10, 11, 13, 16, 17, 18, 20, 21, 22, 23, 24, 25];
            var model = new OnnxModel(
                random, opsets[random.Next(opsets.Length)], random.Next(1, 3), random.Next(1, 5), random.Next(7, 12), random.Next(7, 12));
            try
            {
                OnnxParity.Check(model, OnnxCases.All[name](model));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException(
                    $"try {i}, operator set {model.Opset}, input [{string.Join(", ", model.InputShape)}]: {failure.Message}",
                    failure);
            }
        }
    }
}
