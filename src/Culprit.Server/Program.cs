Console.WriteLine("culprit");
