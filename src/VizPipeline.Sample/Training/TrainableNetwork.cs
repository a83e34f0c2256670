using TorchSharp.Modules;
using VizPipeline.Network.Formats;
using static TorchSharp.torch;

namespace VizPipeline.Sample.Training;

/// <summary>The sample network during training: with batch norm, which <see cref="Fold"/> later folds into the convolutions.</summary>
internal sealed class TrainableNetwork : nn.Module<Tensor, Tensor>
{
    private readonly List<(Stage Stage, Conv2d Convolution, BatchNorm2d Norm)> _stages = [];
    private readonly Linear _classifier;
    private readonly Dropout _dropout;

    public TrainableNetwork(double dropoutRate) : base("sample")
    {
        foreach (var stage in SampleArchitecture.Stages)
        {
            var convolution = nn.Conv2d(stage.Inputs, stage.Channels, stage.Kernel, stage.Stride, stage.Padding, bias: false);
            var norm = nn.BatchNorm2d(stage.Channels);
            nn.init.kaiming_normal_(convolution.weight!, nonlinearity: nn.init.NonlinearityType.ReLU);
            register_module(stage.Name, convolution);
            register_module($"{stage.Name}_norm", norm);
            _stages.Add((stage, convolution, norm));
        }
        _classifier = nn.Linear(SampleArchitecture.Features, SampleArchitecture.Classes);
        _dropout = nn.Dropout(dropoutRate);
        register_module("fc", _classifier);
        register_module("dropout", _dropout);
    }

    public Tensor FirstFilters => _stages[0].Convolution.weight!;

    public override Tensor forward(Tensor input)
    {
        var signal = input;
        foreach (var (stage, convolution, norm) in _stages)
        {
            signal = nn.functional.relu(norm.forward(convolution.forward(signal)));
            if (stage.Pooled)
                signal = nn.functional.max_pool2d(
                    signal, SampleArchitecture.PoolKernel, SampleArchitecture.PoolStride, SampleArchitecture.PoolPadding);
        }
        return _classifier.forward(_dropout.forward(signal.mean([2L, 3L])));
    }

    /// <summary>Returns the weights of the same function without batch norm: conv1.weight, conv1.bias, ... fc.weight, fc.bias.</summary>
    public IReadOnlyList<FloatTensor> Fold()
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var weights = new List<FloatTensor>();
        foreach (var (stage, convolution, norm) in _stages)
        {
            var scale = norm.weight! / (norm.running_var! + norm.eps).sqrt();
            weights.Add(Managed($"{stage.Name}.weight", convolution.weight! * scale.view(-1, 1, 1, 1)));
            weights.Add(Managed($"{stage.Name}.bias", norm.bias! - norm.running_mean! * scale));
        }
        weights.Add(Managed("fc.weight", _classifier.weight!));
        weights.Add(Managed("fc.bias", _classifier.bias!));
        return weights;
    }

    private static FloatTensor Managed(string name, Tensor tensor)
        => new(name, [.. tensor.shape.Select(extent => (int)extent)], tensor.contiguous().data<float>().ToArray());
}
