using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>
/// Reads Python's pickles (protocols 2 to 5) as far as state dicts need them: containers, text, numbers and tensors. A pickle is a program;
/// this interpreter knows no instruction and no name that could do anything but build data. An object of any other class becomes a
/// <see cref="PickleInert"/>, which nothing but a tensor's absence can tell from no object at all.
/// </summary>
/// <remarks>
/// Memory is bounded by the pickle's length: each instruction adds at most one small value, lengths are checked against the remaining
/// bytes, and nothing is ever copied out of the memo, compared, hashed or walked.
/// </remarks>
internal sealed class Unpickler
{
    private readonly string _file;
    private readonly PickleBytes _bytes;
    private readonly TorchCalls _calls;
    private readonly Dictionary<long, object?> _memo = [];
    private readonly Stack<List<object?>> _marked = new();
    private List<object?> _stack = [];

    private Unpickler(PickleBytes bytes, StorageList? references)
    {
        _file = bytes.File;
        this._bytes = bytes;
        _calls = new TorchCalls(_file, references);
    }

    /// <summary>Returns the value that the next pickle builds and leaves <paramref name="bytes"/> after it.</summary>
    /// <param name="bytes">Where to read.</param>
    /// <param name="references">Receives the storages that the pickle refers to.</param>
    /// <exception cref="ModelFormatException">The pickle is damaged.</exception>
    public static object? Read(PickleBytes bytes, StorageList? references = null)
    {
        var machine = new Unpickler(bytes, references);
        while (true)
        {
            var opcode = (PickleOpcode)machine._bytes.Next();
            if (opcode == PickleOpcode.Stop)
                return machine.Pop();
            machine.Step(opcode);
        }
    }

    private void Step(PickleOpcode opcode)
    {
        if (!TryStack(opcode) && !TryNumber(opcode) && !TryText(opcode) && !TryContainer(opcode) && !TryMemo(opcode))
            Name(opcode);
    }

    private bool TryStack(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto:
                if (_bytes.Next() is < 2 or > 5)
                    throw Wrong("has a pickle of an unknown version");
                return true;
            case PickleOpcode.Frame:
                // A frame only helps buffering readers; each element's length is checked separately.
                _bytes.Length(8);
                return true;
            case PickleOpcode.Mark:
                _marked.Push(_stack);
                _stack = [];
                return true;
            case PickleOpcode.Pop:
                Pop();
                return true;
            case PickleOpcode.PopMark:
                TakeMarked();
                return true;
            case PickleOpcode.Dup:
                _stack.Add(Peek());
                return true;
            default:
                return false;
        }
    }

    private bool TryNumber(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.None:
                _stack.Add(null);
                return true;
            case PickleOpcode.NewTrue:
                _stack.Add(true);
                return true;
            case PickleOpcode.NewFalse:
                _stack.Add(false);
                return true;
            case PickleOpcode.BinInt:
                _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(_bytes.Take(4)));
                return true;
            case PickleOpcode.BinInt1:
                _stack.Add((long)_bytes.Next());
                return true;
            case PickleOpcode.BinInt2:
                _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Take(2)));
                return true;
            case PickleOpcode.Long1:
                _stack.Add(Long(_bytes.Take(_bytes.Next())));
                return true;
            case PickleOpcode.Long4:
                _stack.Add(Long(_bytes.Take(_bytes.Length(4))));
                return true;
            case PickleOpcode.Int:
                // Python 2 writes integers of more than 32 bits as text.
                _stack.Add(long.TryParse(_bytes.Line(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    ? number : throw Wrong("has an invalid integer"));
                return true;
            case PickleOpcode.BinFloat:
                _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(_bytes.Take(8)));
                return true;
            default:
                return false;
        }
    }

    private bool TryText(PickleOpcode opcode)
    {
        switch (opcode)
        {
            // Python 2's plain strings: names and keys are ASCII.
            case PickleOpcode.ShortBinString:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Next())));
                return true;
            case PickleOpcode.ShortBinUnicode:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Next())));
                return true;
            case PickleOpcode.BinString or PickleOpcode.BinUnicode:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Length(4))));
                return true;
            case PickleOpcode.BinUnicode8:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Length(8))));
                return true;
            case PickleOpcode.ShortBinBytes:
                _stack.Add(_bytes.Take(_bytes.Next()).ToArray());
                return true;
            case PickleOpcode.BinBytes:
                _stack.Add(_bytes.Take(_bytes.Length(4)).ToArray());
                return true;
            case PickleOpcode.BinBytes8 or PickleOpcode.ByteArray8:
                _stack.Add(_bytes.Take(_bytes.Length(8)).ToArray());
                return true;
            default:
                return false;
        }
    }

    private bool TryContainer(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.EmptyTuple:
                _stack.Add(new PickleTuple([]));
                return true;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3:
                _stack.Add(new PickleTuple(TakeLast(opcode - PickleOpcode.Tuple1 + 1)));
                return true;
            case PickleOpcode.Tuple:
                PushOf(items => new PickleTuple([.. items]));
                return true;
            case PickleOpcode.EmptyList or PickleOpcode.EmptySet:
                _stack.Add(new PickleList());
                return true;
            case PickleOpcode.List or PickleOpcode.FrozenSet:
                PushOf(items => Fill(new PickleList(), items));
                return true;
            case PickleOpcode.Append:
                FillList(TakeLast(1));
                return true;
            case PickleOpcode.Appends or PickleOpcode.AddItems:
                FillList(TakeMarked());
                return true;
            case PickleOpcode.EmptyDict:
                _stack.Add(new PickleDict());
                return true;
            case PickleOpcode.Dict:
                PushOf(items => Fill(new PickleDict(), items));
                return true;
            case PickleOpcode.SetItem:
                FillDict(TakeLast(2));
                return true;
            case PickleOpcode.SetItems:
                FillDict(TakeMarked());
                return true;
            default:
                return false;
        }
    }

    private bool TryMemo(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.BinPut:
                _memo[_bytes.Next()] = Peek();
                return true;
            case PickleOpcode.LongBinPut:
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Take(4))] = Peek();
                return true;
            case PickleOpcode.Memoize:
                _memo[_memo.Count] = Peek();
                return true;
            case PickleOpcode.BinGet:
                Recall(_bytes.Next());
                return true;
            case PickleOpcode.LongBinGet:
                Recall(BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Take(4)));
                return true;
            default:
                return false;
        }
    }

    // The instructions that would import or call code in Python.
    private void Name(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Global:
                var module = _bytes.Line();
                _stack.Add(TorchGlobals.Find(module, _bytes.Line()));
                break;
            case PickleOpcode.StackGlobal:
                if (TakeLast(2) is not [string from, string name])
                    throw Wrong("refers to a function by something that is not text");
                _stack.Add(TorchGlobals.Find(from, name));
                break;
            case PickleOpcode.Reduce:
                _stack.Add(TakeLast(2) switch
                {
                    [PickleGlobal function, PickleTuple arguments] => _calls.Call(function, arguments.Items),
                    // What a placeholder returns is one as well.
                    [PickleInert unknown, PickleTuple arguments] => unknown.Given(arguments.Items),
                    _ => throw Wrong("calls something that is not a function"),
                });
                break;
            case PickleOpcode.NewObj:
                _stack.Add(Create(TakeLast(2)));
                break;
            case PickleOpcode.NewObjEx:
                _stack.Add(Create(TakeLast(3)));
                break;
            case PickleOpcode.Inst:
                var inner = _bytes.Line();
                PushOf(items => Create(TorchGlobals.Find(inner, _bytes.Line()), items));
                break;
            case PickleOpcode.Obj:
                PushOf(items => items is [var type, .. var rest] ? Create(type, rest) : throw Wrong("creates an object of no class"));
                break;
            case PickleOpcode.BinPersId:
                _stack.Add(_calls.Persistent(Pop()));
                break;
            case PickleOpcode.Build:
                Build();
                break;
            default:
                throw Wrong(Enum.IsDefined(opcode)
                    ? $"uses the pickle instruction {opcode}, which torch.save does not write"
                    : $"has the unknown pickle instruction 0x{(byte)opcode:x2}");
        }
    }

    private object Create(object?[] parts) => Create(parts[0], parts[1] is PickleTuple { Items: var items } ? items : []);

    private object Create(object? type, IReadOnlyList<object?> arguments) => type switch
    {
        PickleGlobal { Name: TorchGlobals.OrderedDict or TorchGlobals.DefaultDict } when arguments.Count == 0 => new PickleDict(),
        PickleGlobal global => new PickleInert(global.Name).Given(arguments),
        PickleInert unknown => unknown.Given(arguments),
        _ => throw Wrong("creates an object of something that is not a class"),
    };

    // Module.state_dict() attaches a dict `_metadata` to its OrderedDict. The state of anything else is dropped with it: a class would set
    // it with code of its own.
    private void Build()
    {
        var state = Pop();
        if (Peek() is PickleInert unknown)
            unknown.Given([state]);
        else if (Peek() is not PickleDict)
            throw Wrong("sets the state of something that has none");
    }

    private void Recall(long key)
        => _stack.Add(_memo.TryGetValue(key, out var value) ? value : throw Wrong("recalls a value that it never stored"));

    private void PushOf(Func<List<object?>, object> make)
    {
        // Taken first, because it changes which stack is current.
        var items = TakeMarked();
        _stack.Add(make(items));
    }

    private static PickleList Fill(PickleList list, IReadOnlyList<object?> items)
    {
        list.Items.AddRange(items);
        return list;
    }

    private void FillList(IReadOnlyList<object?> items)
    {
        if (Peek() is PickleInert unknown)
            unknown.Given(items);
        else
            Fill(Peek() as PickleList ?? throw WrongContainer(), items);
    }

    private void FillDict(IReadOnlyList<object?> items)
    {
        var target = Peek() is PickleInert unknown ? unknown.Items ??= new PickleDict() : Peek() as PickleDict;
        Fill(target ?? throw WrongContainer(), items);
    }

    private PickleDict Fill(PickleDict dict, IReadOnlyList<object?> items)
    {
        if (items.Count % 2 != 0)
            throw Wrong("has a dict with a key that has no value");
        for (var i = 0; i < items.Count; i += 2)
            dict.Add(items[i], items[i + 1]);
        return dict;
    }

    private ModelFormatException WrongContainer() => Wrong("adds to something that is not the right container");

    private object? Peek() => _stack.Count > 0 ? _stack[^1] : throw Wrong("has a pickle that pops from an empty stack");

    private object? Pop()
    {
        var top = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private object?[] TakeLast(int count)
    {
        if (_stack.Count < count)
            throw Wrong("has a pickle that pops from an empty stack");
        object?[] taken = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return taken;
    }

    private List<object?> TakeMarked()
    {
        var taken = _stack;
        if (!_marked.TryPop(out var below))
            throw Wrong("has a pickle that pops to a missing mark");
        _stack = below;
        return taken;
    }

    // Generators of random numbers keep integers of 128 bits; no size or count is that large.
    private static object Long(ReadOnlySpan<byte> digits)
    {
        if (digits.Length > 8)
            return new PickleInert("int");
        long value = digits.Length > 0 && digits[^1] >= 0x80 ? -1 : 0;
        for (var i = digits.Length - 1; i >= 0; i--)
            value = (value << 8) | digits[i];
        return value;
    }

    private ModelFormatException Wrong(string problem) => new(_file, problem, "it is damaged or not a PyTorch file");
}
